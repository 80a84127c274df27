"""How both bulk APIs save rows: columns checked, operation by name, chunk by chunk, one outcome a row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from orgtwin.errors import SalesforceError, SaveError, SaveResult
from orgtwin.http.csv_rows import LONGEST_FIELD, LONGEST_RECORD, find_unknown_column
from orgtwin.http.message import Request
from orgtwin.records.model import Caller, Dml

Values = Mapping[str, object]


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """What became of one row; `error` is empty when it was saved."""

    record_id: str
    created: bool
    error: str

    @property
    def success(self) -> bool:
        return not self.error


@dataclass(frozen=True, slots=True)
class Target:
    """Into what the rows go, and for whom. `external_id_field` only for upsert."""

    dml: Dml
    caller: Caller
    operation: str
    sobject_type: str
    external_id_field: str | None = None


def save_chunk(target: Target, rows: Sequence[Values]) -> list[Outcome]:
    """Save some rows. A refusal of the whole chunk (unknown object, no access) is a refusal of each row."""
    save = _SAVE[target.operation]
    try:
        results = save(target, rows)
    except SalesforceError as error:
        if error.status >= 500:
            raise
        text = error_text(SaveError(error.code, error.message, error.fields))
        return [Outcome("", False, text) for _ in rows]
    return [
        Outcome(result.record_id or "", result.created, "" if result.success else error_text(result.errors[0]))
        for result in results
    ]


def error_text(error: SaveError) -> str:
    """`CODE:message:Field --`, as result files write it; no field is a bare `--`."""
    fields = f"{', '.join(error.fields)} " if error.fields else ""
    return f"{error.status_code}:{error.message}:{fields}--"


def _id_of(row: Values) -> str:
    return next((str(value) for name, value in row.items() if name.lower() == "id"), "")


def _with_id(row: Values) -> Values:
    return {("Id" if name.lower() == "id" else name): value for name, value in row.items()}


def _insert(target: Target, rows: Sequence[Values]) -> list[SaveResult]:
    results = target.dml.insert(target.caller, target.sobject_type, rows, text=True)
    return [SaveResult(r.record_id, r.success, r.success, r.errors) for r in results]


def _update(target: Target, rows: Sequence[Values]) -> list[SaveResult]:
    return target.dml.update(target.caller, target.sobject_type, [_with_id(row) for row in rows], text=True)


def _upsert(target: Target, rows: Sequence[Values]) -> list[SaveResult]:
    key = target.external_id_field or "Id"
    return target.dml.upsert(target.caller, target.sobject_type, key, rows, text=True)


def _delete(target: Target, rows: Sequence[Values]) -> list[SaveResult]:
    return target.dml.delete(target.caller, [_id_of(row) for row in rows])


def _hard_delete(target: Target, rows: Sequence[Values]) -> list[SaveResult]:
    return target.dml.delete(target.caller, [_id_of(row) for row in rows], hard=True)


def _undelete(target: Target, rows: Sequence[Values]) -> list[SaveResult]:
    return target.dml.undelete(target.caller, [_id_of(row) for row in rows])


_SAVE: Mapping[str, Callable[[Target, Sequence[Values]], list[SaveResult]]] = {
    "insert": _insert,
    "update": _update,
    "upsert": _upsert,
    "delete": _delete,
    "hardDelete": _hard_delete,
    "undelete": _undelete,
}
OPERATIONS = tuple(_SAVE)
# "Bulk API and Bulk API 2.0 Limits and Allocations": fields in a record. ASSUMED: the text.
_MOST_FIELDS = 5_000
# Operations whose rows carry nothing but an id.
_ID_ONLY = frozenset({"delete", "hardDelete", "undelete"})


def require_sizes(rows: Iterable[Mapping[str, object]]) -> None:
    """Records that came as JSON or XML keep the limits that the cells of a CSV keep. Raises InvalidBatch."""
    for row in rows:
        sizes = list(_sizes(row))
        _require_few(len(sizes))
        if max(sizes, default=0) > LONGEST_FIELD:
            raise SalesforceError("InvalidBatch", f"field larger than field limit ({LONGEST_FIELD})")
        if sum(sizes) > LONGEST_RECORD:
            raise SalesforceError("InvalidBatch", f"A record has more than {LONGEST_RECORD} characters")


def _sizes(row: Mapping[str, object]) -> Iterator[int]:
    """The characters of each value, those of a parent's key among them."""
    for value in row.values():
        if isinstance(value, Mapping):
            yield from _sizes(value)
        else:
            yield 0 if value is None else len(str(value))


def _require_few(fields: int) -> None:
    if fields > _MOST_FIELDS:
        raise SalesforceError("InvalidBatch", f"A record has more than {_MOST_FIELDS} fields")


def require_columns(request: Request, operation: str, object_name: str, header: Sequence[str]) -> None:
    """Every column names a field, or the parent, of the object for this caller; there are not too many. Raises InvalidBatch."""
    _require_few(len(header))
    if operation in _ID_ONLY and [name.strip().lower() for name in header] != ["id"]:
        raise SalesforceError("InvalidBatch", f"{operation} operation must have only one field - Id in batch data")
    found = request.org.schema.find_type(object_name)
    readable = request.org.access.readable_fields(request.caller, object_name)
    unknown = find_unknown_column(header, found, readable) if found else object_name
    if unknown is not None:
        raise SalesforceError("InvalidBatch", f"Field name not found : {unknown}")
