"""Which record a wire row means: by Id, or by external id for an upsert.

Source: "Insert or Update (Upsert) a Record Using an External ID" (REST API): no match creates, one updates, more are refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from orgtwin.access.grants import Grant
from orgtwin.errors import SalesforceError, SaveError
from orgtwin.ids import find_id18
from orgtwin.records.coerce import RowRefused
from orgtwin.records.columns import compile_readers
from orgtwin.records.model import Row, Value
from orgtwin.records.sheet import WireRow, values_under
from orgtwin.records.table import RecordTable
from orgtwin.schema.model import Field, FieldType


class MultipleMatches(SaveError, frozen=True, gc=False):
    """More than one record has the external id; REST answers 300 with their addresses."""

    record_ids: tuple[str, ...] = ()


class Matcher:
    """Finds the records that the rows of an upsert mean, for one caller, object and key field."""

    def __init__(self, table: RecordTable, grant: Grant, external_id_field: str, *, text: bool) -> None:
        self._table = table
        self._field = _require_key_field(table, grant, external_id_field)
        self._name = self._field.api_name
        self._folds = not self._field.case_sensitive
        self._coerce, self._read = compile_readers(self._field, text=text)
        self._find = table.finder(self._name)
        self._find_one = table.unique_finder(self._name)
        # Without Unique, an upsert finds only what the caller sees, as the platform's own advice on "View All Data" implies.
        self._may_see = None if self._field.unique else grant.may_see

    def match(
        self, rows: Sequence[WireRow], seen: set[Value], *, update_only: bool
    ) -> Iterable[Row | SaveError | None]:
        """For each row the record to update, None to create one, or why it is refused.

        `seen` are the keys of the call so far: one that comes twice is refused.
        """
        values = values_under(rows, self._name)
        if self._field.type is FieldType.ID:
            return map(self._match_id, values)
        wire = list(values)
        keys = self._distinct_keys(wire, seen) if len(wire) > 1 else None
        if keys is None:
            return (self._match_key(raw, seen, update_only=update_only) for raw in wire)
        seen.update(keys)
        if self._find_one is not None and not update_only:
            return map(self._find_one, keys)
        return (self._record_of(key, update_only=update_only) for key in keys)

    def _distinct_keys(self, wire: Sequence[object], seen: set[Value]) -> Sequence[Value] | None:
        """The keys of all rows, folded; None when some row has none, a wrong one, or that of another."""
        try:
            keys = list(self._read(wire)) if all(wire) else []
        except (RowRefused, SalesforceError):
            return None
        if self._folds:
            keys = [key.lower() if isinstance(key, str) else key for key in keys]
        distinct = set(keys)
        is_plain = len(distinct) == len(wire) and None not in distinct and seen.isdisjoint(distinct)
        return keys if is_plain else None

    def _match_key(self, raw: object, seen: set[Value], *, update_only: bool) -> Row | SaveError | None:
        try:
            key = None if raw is None or raw == "" else self._coerce(raw)
        except RowRefused as refusal:
            return refusal.error
        if key is None:
            return SaveError("MISSING_ARGUMENT", f"{self._name} not specified")
        folded = key.lower() if self._folds and isinstance(key, str) else key
        if folded in seen:
            return SaveError("DUPLICATE_VALUE", f"Duplicate external id specified: {key!s}")
        seen.add(folded)
        return self._record_of(key, update_only=update_only)

    def _record_of(self, key: Value, *, update_only: bool) -> Row | SaveError | None:
        found = self._find(key)
        if found and self._may_see is not None:
            found = [row for row in found if self._may_see(row)]
        if len(found) == 1:
            return found[0]
        if found:
            return _multiple(self._name, found)
        return SaveError("NOT_FOUND", "The requested resource does not exist") if update_only else None

    def _match_id(self, raw: object) -> Row | SaveError | None:
        return None if raw is None or raw == "" else find_by_id(self._table, raw)


def find_by_id(table: RecordTable, value: object) -> Row | SaveError:
    """The live record that a row's Id names."""
    if not value:
        return SaveError("MISSING_ARGUMENT", "Id not specified in an update call")
    row = table.live.get(value) if isinstance(value, str) else None
    return _find_slowly(table, str(value)) if row is None else row


def _find_slowly(table: RecordTable, value: str) -> Row | SaveError:
    record_id = find_id18(value)
    if record_id is None:
        return SaveError("MALFORMED_ID", f"{table.type.label} ID: id value of incorrect type: {value}", ("Id",))
    if record_id[:3] != table.type.key_prefix:
        return SaveError("MALFORMED_ID", f"{table.type.label} ID: id value of incorrect type: {value}", ("Id",))
    row = table.live.get(record_id)
    if row is not None:
        return row
    if record_id in table.recycled:
        return SaveError("ENTITY_IS_DELETED", "entity is deleted")
    return SaveError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")


def _require_key_field(table: RecordTable, grant: Grant, name: str) -> Field:
    f = table.type.find_field(name)
    usable = f is not None and (f.external_id or f.id_lookup or f.type is FieldType.ID)
    if f is None or not usable or f.api_name.lower() not in grant.readable:
        message = f"Provided external ID field does not exist or is not accessible: {name}"
        raise SalesforceError("NOT_FOUND", message, status=404)
    return f


def _multiple(name: str, rows: Sequence[Row]) -> MultipleMatches:
    record_ids = tuple(str(row[0]) for row in rows)
    message = f"{name}: more than one record found for external id field: [{', '.join(record_ids)}]"
    return MultipleMatches("DUPLICATE_EXTERNAL_ID", message, (), record_ids)
