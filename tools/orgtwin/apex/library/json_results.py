"""How results of the platform look as JSON, and are made from it: code under test mocks them so.

Source: "Database.SaveResult Class" and its kin, "JSON Class" (Apex Reference Guide). ASSUMED: the shape, which is the SOAP API's
(SaveResult: id, success, errors; Error: statusCode, message, fields), and that deserialize takes what serialize gives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from orgtwin.apex.database import DatabaseError, DmlResult
from orgtwin.apex.library.approvals import LockResult
from orgtwin.apex.library.jobs import JobContext
from orgtwin.apex.library.schemas import DescribePicklist
from orgtwin.apex.library.signatures import system_class, type_of
from orgtwin.apex.types import Type
from orgtwin.apex.values import ApexList, Id, Value
from orgtwin.errors import SaveError, SaveResult
from orgtwin.ids import find_id18

Plain = Mapping[str, Value]
_LONG_ID = 18


def error_plain(value: DatabaseError) -> Plain:
    error = value.error
    return {"statusCode": error.status_code, "message": error.message, "fields": list(error.fields)}


def _result_plain(value: DmlResult) -> Plain:
    result = value.result
    found: dict[str, Value] = {
        "success": result.success,
        "id": result.record_id,
        "errors": [error_plain(e) for e in value.errors],
    }
    if value.kind == "UpsertResult":
        found["created"] = result.created
    if value.kind == "MergeResult":
        found["mergedRecordIds"] = list(value.merged_ids)
        found["updatedRelatedIds"] = []
    return found


def _id(value: Value) -> str | None:
    """As `to_id`, though a text that is no id is taken too."""
    text = None if value is None else str(value)
    return text if text is None or len(text) == _LONG_ID else find_id18(text) or text


def _error_from(value: Plain) -> DatabaseError:
    fields = tuple(str(name) for name in value.get("fields") or ())
    return DatabaseError(SaveError(str(value.get("statusCode") or ""), str(value.get("message") or ""), fields))


def _result_from(kind: str) -> Callable[[Plain], DmlResult]:
    def make(value: Plain) -> DmlResult:
        errors = [_error_from(e) for e in value.get("errors") or ()]
        success, created = bool(value.get("success")), bool(value.get("created"))
        result = SaveResult(_id(value.get("id")), success, created, tuple(e.error for e in errors))
        merged = [str(_id(i)) for i in value.get("mergedRecordIds") or ()]
        return DmlResult(kind, result, errors, merged)

    return make


def _lock_plain(value: LockResult) -> Plain:
    return {"success": value.success, "id": value.record_id, "errors": [error_plain(e) for e in value.errors]}


def _lock_from(kind: str) -> Callable[[Plain], LockResult]:
    def make(value: Plain) -> LockResult:
        errors = [_error_from(e) for e in value.get("errors") or ()]
        return LockResult(kind, _id(value.get("id")), bool(value.get("success")), list(errors))

    return make


class PlainResult:
    """A result that is only made from JSON: its values by lower-case name."""

    def __init__(self, type_: Type, values: Plain) -> None:
        self.apex_type = type_
        self.values = {name.lower(): value for name, value in values.items()}

    def errors(self) -> ApexList:
        found = [_error_from(e) for e in self.values.get("errors") or ()]
        return ApexList(type_of("List<Database.Error>"), list(found))


def _plain_class(name: str, namespace: str, ids: tuple[str, ...]) -> None:
    table: dict[str, Callable[..., Value]] = {
        "Boolean isSuccess()": lambda this: bool(this.values.get("success")),
        "List<Database.Error> getErrors()": lambda this: this.errors(),
    }
    for field in ids:
        table[f"Id get{field[0].upper()}{field[1:]}()"] = _id_reader(field.lower())
    system_class(name, table, namespace=namespace)


def _id_reader(key: str) -> Callable[[PlainResult], Value]:
    def read(this: PlainResult) -> Value:
        found = _id(this.values.get(key))
        return None if found is None else Id(found)

    return read


def _plain_from(name: str) -> Callable[[Plain], Value]:
    return lambda value: PlainResult(type_of(name), value)


_LEAD_IDS = ("accountId", "contactId", "leadId", "opportunityId", "relatedPersonAccountId")
_plain_class("LeadConvertResult", "Database", _LEAD_IDS)


def _entry_plain(entry: DescribePicklist) -> Plain:
    """As public code reads it, to find the values that depend on another field's."""
    value = entry.value
    told = {"active": value.active, "defaultValue": value.default, "label": value.label}
    return {**told, "validFor": entry.valid_for, "value": value.value}


WRITERS: dict[type, Callable[[Value], Plain]] = {
    DatabaseError: error_plain,
    DmlResult: _result_plain,
    LockResult: _lock_plain,
    PlainResult: lambda value: value.values,
    DescribePicklist: _entry_plain,
    JobContext: lambda value: {"jobId": str(value.job_id)},
}
READERS: dict[str, Callable[[Plain], Value]] = {
    **{
        f"database.{kind.lower()}": _result_from(kind)
        for kind in (
            "SaveResult",
            "UpsertResult",
            "DeleteResult",
            "UndeleteResult",
            "EmptyRecycleBinResult",
            "MergeResult",
        )
    },
    **{f"approval.{kind.lower()}": _lock_from(kind) for kind in ("LockResult", "UnlockResult")},
    "database.error": _error_from,
    "database.leadconvertresult": _plain_from("Database.LeadConvertResult"),
}
