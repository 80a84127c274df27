"""Which record a wire row means: by Id, or by external id for an upsert.

Source: "Insert or Update (Upsert) a Record Using an External ID" (REST API): no match creates, one updates, more are refused.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from orgtwin.access.grants import Grant
from orgtwin.errors import SalesforceError, SaveError
from orgtwin.ids import find_id18
from orgtwin.records.coerce import RowRefused, compile_coercer
from orgtwin.records.model import Row, Value
from orgtwin.records.table import RecordTable
from orgtwin.schema.model import Field, FieldType

WireRow = Mapping[str, object]


class MultipleMatches(SaveError, frozen=True, gc=False):
    """More than one record has the external id; REST answers 300 with their addresses."""

    record_ids: tuple[str, ...] = ()


class Match(msgspec.Struct, frozen=True):
    """`row` is the record to update, None to create one; `error` says why neither."""

    position: int
    wire: WireRow
    row: Row | None = None
    error: SaveError | None = None


class Matcher:
    """Finds the records of one upsert call; a key that comes twice in the call is refused the second time."""

    def __init__(self, table: RecordTable, grant: Grant, external_id_field: str, *, text: bool) -> None:
        self._table = table
        self._grant = grant
        self._field = _require_key_field(table, grant, external_id_field)
        self._name = self._field.api_name
        self._coerce = compile_coercer(self._field, text=text)
        self._seen: set[Value] = set()

    def match(self, position: int, wire: WireRow, *, update_only: bool) -> Match:
        try:
            return self._match(position, wire, update_only=update_only)
        except RowRefused as refusal:
            return Match(position, wire, error=refusal.error)

    def _match(self, position: int, wire: WireRow, *, update_only: bool) -> Match:
        raw = self._raw_key(wire)
        if self._field.type is FieldType.ID:
            return self._match_id(position, wire, raw)
        key = None if raw is None or raw == "" else self._coerce(raw)
        if key is None:
            return Match(position, wire, error=SaveError("MISSING_ARGUMENT", f"{self._name} not specified"))
        folded = key.lower() if isinstance(key, str) and not self._field.case_sensitive else key
        if folded in self._seen:
            return Match(
                position, wire, error=SaveError("DUPLICATE_VALUE", f"Duplicate external id specified: {key!s}")
            )
        self._seen.add(folded)
        found = self._visible(key)
        if len(found) > 1:
            return Match(position, wire, error=_multiple(self._name, found))
        if not found and update_only:
            return Match(position, wire, error=SaveError("NOT_FOUND", "The requested resource does not exist"))
        return Match(position, wire, found[0] if found else None)

    def _match_id(self, position: int, wire: WireRow, raw: object) -> Match:
        if raw is None or raw == "":
            return Match(position, wire)
        found = find_by_id(self._table, wire)
        if isinstance(found, SaveError):
            return Match(position, wire, error=found)
        return Match(position, wire, found)

    def _raw_key(self, wire: WireRow) -> object:
        value = wire.get(self._name)
        if value is None:
            wanted = self._name.lower()
            value = next((v for k, v in wire.items() if k.lower() == wanted), None)
        return value

    def _visible(self, key: Value) -> list[Row]:
        """Without Unique, an upsert finds only what the caller sees, as the platform's own advice on "View All Data" implies."""
        found = list(self._table.find(self._name, key))
        if self._field.unique or self._grant.may_see is None:
            return found
        return [row for row in found if self._grant.may_see(row)]


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


def _multiple(name: str, rows: list[Row]) -> MultipleMatches:
    record_ids = tuple(str(row[0]) for row in rows)
    message = f"{name}: more than one record found for external id field: [{', '.join(record_ids)}]"
    return MultipleMatches("DUPLICATE_EXTERNAL_ID", message, (), record_ids)
