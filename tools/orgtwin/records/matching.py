"""Which record a wire row means: by Id, or by external id for an upsert.

Source: "Insert or Update (Upsert) a Record Using an External ID" (REST API): no match creates, one updates, more are refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orgtwin.access.grants import Grant
from orgtwin.errors import SalesforceError, SaveError
from orgtwin.ids import find_id18
from orgtwin.records.coerce import RowRefused, compile_coercer, refuse
from orgtwin.records.model import Row, Value
from orgtwin.records.table import RecordTable
from orgtwin.schema.model import Field, FieldType

WireRow = Mapping[str, object]


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
        self._coerce = compile_coercer(self._field, text=text)
        self._find = table.finder(self._name)
        # Without Unique, an upsert finds only what the caller sees, as the platform's own advice on "View All Data" implies.
        self._may_see = None if self._field.unique else grant.may_see

    def match(self, wire: WireRow, seen: set[Value], *, update_only: bool) -> Row | None:
        """The record to update, None to create one. `seen` are the keys of the call so far: one that comes twice is refused.

        Raises RowRefused.
        """
        if self._field.type is FieldType.ID:
            return self._match_id(wire)
        raw = wire.get(self._name)
        if raw is None:
            raw = self._raw_key(wire)
        key = None if raw is None or raw == "" else self._coerce(raw)
        if key is None:
            raise refuse("MISSING_ARGUMENT", f"{self._name} not specified")
        folded = key.lower() if self._folds and isinstance(key, str) else key
        if folded in seen:
            raise refuse("DUPLICATE_VALUE", f"Duplicate external id specified: {key!s}")
        seen.add(folded)
        found = self._find(key)
        if self._may_see is not None:
            found = [row for row in found if self._may_see(row)]
        if len(found) == 1:
            return found[0]
        if found:
            raise RowRefused(_multiple(self._name, found))
        if update_only:
            raise refuse("NOT_FOUND", "The requested resource does not exist")
        return None

    def _match_id(self, wire: WireRow) -> Row | None:
        raw = self._raw_key(wire)
        if raw is None or raw == "":
            return None
        found = find_by_id(self._table, wire)
        if isinstance(found, SaveError):
            raise RowRefused(found)
        return found

    def _raw_key(self, wire: WireRow) -> object:
        wanted = self._name.lower()
        return next((v for k, v in wire.items() if k.lower() == wanted), None)


def find_by_id(table: RecordTable, wire: WireRow) -> Row | SaveError:
    """The live record that a row's Id names."""
    value = wire.get("Id")
    if value is None:
        value = next((v for k, v in wire.items() if k.lower() == "id"), None)
    if not value:
        return SaveError("MISSING_ARGUMENT", "Id not specified in an update call")
    row = table.live.get(value)  # type: ignore[call-overload]
    if row is not None:
        return row  # type: ignore[no-any-return]
    return _find_slowly(table, str(value))


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
