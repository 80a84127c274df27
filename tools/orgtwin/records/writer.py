"""Turns wire rows into typed rows: compiled once per type, operation and caller's rights, then per set of keys.

A request's rows mostly have the same keys; the keys are looked up, checked and compiled once (a Shape), so that a row costs one
coercer call per value. Sources: "Field-Level Security", "Create a Record" and "Relate Records with External IDs" (REST API).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import compress
from typing import NamedTuple, Protocol, TypeVar

from orgtwin.access.grants import Grant, RowFilter
from orgtwin.errors import FieldsForbidden, SalesforceError, SaveError, Unsupported
from orgtwin.ids import find_id18
from orgtwin.records.coerce import Coercer, RowRefused, compile_coercer, refuse
from orgtwin.records.columns import Column, compile_readers, read_parents
from orgtwin.records.model import Row, Value
from orgtwin.records.saving import Operation
from orgtwin.records.sheet import Sheet
from orgtwin.records.table import ID, RecordTable
from orgtwin.schema.model import Field, FieldType, Schema, SObjectType

_MOST_SHAPES = 1000  # a client that never sends the same keys twice must not fill the memory

T = TypeVar("T")
GrantOf = Callable[[str], Grant]  # the rights of the writer's caller on an object


class Tables(Protocol):
    """Where other tables are found."""

    @property
    def schema(self) -> Schema: ...

    def table(self, sobject_type: str) -> RecordTable: ...


class Setter(NamedTuple):
    """One key of a wire row: which slot it fills and how, one value or many."""

    slot: int
    coerce: Coercer
    column: Column
    field: Field | None


@dataclass(frozen=True, slots=True)
class Shape:
    """All keys of a wire row, in order, as columns: what is ignored, where the others go and how.

    `forbidden` are the fields among them that this caller may not write.
    """

    is_written: tuple[bool, ...]
    slots: tuple[int, ...]
    coercers: tuple[Coercer, ...]
    columns: tuple[Column, ...]
    forbidden: tuple[str, ...]
    writes_all: bool

    def written(self, values: Iterable[T]) -> Iterable[T]:
        """Of something for each key what belongs to the keys that are written, in order."""
        return values if self.writes_all else compress(values, self.is_written)


class Writer:
    """Writes wire values into rows of one table on behalf of one set of rights."""

    def __init__(
        self, tables: Tables, table: RecordTable, operation: Operation, grant_of: GrantOf, *, text: bool
    ) -> None:
        self._tables = tables
        self._table = table
        self._operation = operation
        self._text = text
        self._grant_of = grant_of
        self._shapes: dict[tuple[str, ...], Shape] = {}
        self.grant = grant_of(table.type.api_name)
        self.schema = tables.schema

    def write(self, wire: Mapping[str, object], content: Row) -> list[SaveError]:
        """Set the values of a wire row in `content`; the errors of the row, none when it may go on."""
        keys = tuple(wire)
        shape = self._shapes.get(keys) or self._learn(keys)
        if len(content) < self._table.width:
            self._widen(content)
        if shape.forbidden:
            return [_forbidden(shape.forbidden)]
        values = wire.values() if shape.writes_all else shape.written(wire.values())
        triples: Iterable[tuple[int, Coercer, object]] = zip(shape.slots, shape.coercers, values, strict=True)
        if self._text:
            triples = (triple for triple in triples if triple[2])  # an empty cell of a CSV leaves the field as it is
        try:
            for slot, coerce, value in triples:
                content[slot] = coerce(value)
        except RowRefused:
            return self._all_errors(shape, wire)
        return []

    def try_write_columns(self, sheet: Sheet, contents: Sequence[Row]) -> bool:
        """Set the values of many rows, column by column; false when some value was refused and each row is to be written alone."""
        shape = self._shapes.get(sheet.keys) or self._learn(sheet.keys)
        if shape.forbidden:
            return False
        if not sheet.lines:
            return True
        width = self._table.width
        for content in contents:
            if len(content) < width:
                self._widen(content)
        cells = shape.written(zip(*sheet.lines, strict=True))
        try:
            for slot, read, column in zip(shape.slots, shape.columns, cells, strict=True):
                _fill(contents, slot, read, column, text=self._text)
        except (RowRefused, SalesforceError):
            return False
        return True

    def _widen(self, content: Row) -> None:
        missing = self._table.width - len(content)
        if missing > 0:
            content.extend([None] * missing)

    def _learn(self, keys: tuple[str, ...]) -> Shape:
        if len(self._shapes) >= _MOST_SHAPES:
            self._shapes.clear()
        shape = self._shapes[keys] = self._compile(keys)
        return shape

    def _all_errors(self, shape: Shape, wire: Mapping[str, object]) -> list[SaveError]:
        """Every refusal of a row that has one."""
        errors = []
        for coerce, value in zip(shape.coercers, shape.written(wire.values()), strict=True):
            if self._text and not value:
                continue
            try:
                coerce(value)
            except RowRefused as refusal:
                errors.append(refusal.error)
        return errors

    # ---- compiling

    def _compile(self, keys: tuple[str, ...]) -> Shape:
        setters = [self._compile_key(key) for key in keys]
        taken = [setter for setter in setters if setter is not None]
        may_write = self.grant.creatable if self._operation is Operation.INSERT else self.grant.editable
        written = [s.field.api_name for s in taken if s.field is not None]
        return Shape(
            is_written=tuple(setter is not None for setter in setters),
            slots=tuple(s.slot for s in taken),
            coercers=tuple(s.coerce for s in taken),
            columns=tuple(s.column for s in taken),
            forbidden=tuple(name for name in written if name.lower() not in may_write),
            writes_all=None not in setters,
        )

    def _compile_key(self, key: str) -> Setter | None:
        """None for a key that is ignored."""
        sobject_type = self._table.type
        f = sobject_type.find_field(key)
        if f is not None and f.type is FieldType.ID:
            return _setter(ID, _refuse_id) if self._operation is Operation.INSERT else None
        if f is not None and f.api_name.lower() in self.grant.readable:
            return self._field_setter(f)
        path = key.split(".", 1)
        parent = sobject_type.find_relationship(path[0])
        if parent is not None and parent.api_name.lower() in self.grant.readable:
            if parent.is_external_lookup:
                raise Unsupported("soql.external-objects", f"{path[0]}: the external object {parent.reference_to[0]}")
            coerce = self._by_external_id(parent, path[1] if len(path) > 1 else None)
            return _setter(self._table.slot(parent.api_name), coerce, parent)
        if key == "attributes":
            return None
        raise no_such_column(key, sobject_type)

    def _field_setter(self, f: Field) -> Setter:
        slot = self._table.slot(f.api_name)
        if f.type is FieldType.REFERENCE:
            return self._reference(slot, f)
        return Setter(slot, *compile_readers(f, text=self._text), f)

    # ---- references

    def _reference(self, slot: int, f: Field) -> Setter:
        tables = [self._tables.table(name) for name in f.reference_to if self._tables.schema.find_type(name)]
        sees = {table.type.key_prefix: self._parents(table.type.api_name, f) for table in tables}
        read = compile_coercer(f, text=self._text)
        only = tables[0].live if len(tables) == 1 and sees[tables[0].type.key_prefix] is None else None

        def coerce(value: object) -> Value:
            if only is not None and isinstance(value, str):
                parent = only.get(value)
                if parent is not None:
                    return parent[0]
            record_id = read(value)
            return None if record_id is None else _find_parent(f, tables, sees, str(record_id))

        return _setter(slot, coerce, f) if only is None else Setter(slot, coerce, read_parents(only, coerce), f)

    def _parents(self, sobject_type: str, f: Field) -> RowFilter | None:
        """Which parents a reference may name: those that the caller sees; as a master those that the caller may change."""
        grant = self._grant_of(sobject_type)
        is_master = f.is_master_detail and not f.write_requires_master_read
        return (grant.may_edit if is_master else grant.may_see) if grant.read else _nothing

    def _by_external_id(self, parent: Field, column: str | None) -> Coercer:
        """A parent named by {external id field: value}, or by a CSV column `Account.CLM_Party_Id__c`."""

        def coerce(value: object) -> Value:
            if value is None or value == "":
                return None
            name, key = (column, value) if column else _external_key(parent, value)
            return self._find_by_external_id(parent, str(name), key)

        return coerce

    def _find_by_external_id(self, parent: Field, column: str, key: object) -> Value:
        for name in parent.reference_to:
            target = self._tables.schema.find_type(name)
            f = target.find_field(column) if target else None
            if target is None or f is None or f.api_name.lower() not in self._grant_of(target.api_name).readable:
                continue
            value = compile_coercer(f, text=self._text)(key)
            table, may_see = self._tables.table(name), self._parents(target.api_name, parent)
            found = [row for row in _find(table, f, value) if may_see is None or may_see(row)]
            if len(found) == 1:
                return found[0][0]
            raise _foreign_key_refused(target, f, value, found)
        raise no_such_column(column, self._tables.schema.find_type(parent.reference_to[0]) or self._table.type)


def _fill(contents: Sequence[Row], slot: int, read: Column, cells: Sequence[object], *, text: bool) -> None:
    """Set one field of many rows; an empty cell of a CSV leaves it as it is."""
    if text and not all(cells):
        is_said = list(map(bool, cells))
        contents, cells = list(compress(contents, is_said)), list(compress(cells, is_said))
    for content, value in zip(contents, read(cells), strict=True):
        content[slot] = value


def _setter(slot: int, coerce: Coercer, f: Field | None = None) -> Setter:
    return Setter(slot, coerce, partial(map, coerce), f)


def no_such_column(key: str, sobject_type: SObjectType) -> SalesforceError:
    return SalesforceError("INVALID_FIELD", f"No such column '{key}' on sobject of type {sobject_type.api_name}")


def _nothing(_row: Row) -> bool:
    return False


def _refuse_id(value: object) -> Value:
    if value is None or value == "":
        return None
    raise refuse("INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call", "Id")


def _forbidden(names: tuple[str, ...]) -> SaveError:
    message = (
        f"Unable to create/update fields: {', '.join(names)}. Please check the security settings of this field and verify that "
        "it is read/write for your profile or permission set."
    )
    return FieldsForbidden("INVALID_FIELD_FOR_INSERT_UPDATE", message, names)


def _find_parent(
    f: Field, tables: list[RecordTable], sees: Mapping[str, Callable[[Row], bool] | None], text: str
) -> Value:
    record_id = find_id18(text) or ""
    table = next((t for t in tables if t.type.key_prefix == record_id[:3]), None)
    if table is None:
        raise refuse("MALFORMED_ID", f"{f.label}: id value of incorrect type: {text}", f.api_name)
    parent = table.live.get(record_id)
    if parent is None:
        if record_id in table.recycled:
            raise refuse("ENTITY_IS_DELETED", "entity is deleted")
        raise refuse("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    is_visible = sees[record_id[:3]]
    if is_visible is not None and not is_visible(parent):
        message = f"insufficient access rights on cross-reference id: {record_id[:15]}"
        raise refuse("INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", message)
    return parent[0]


def _external_key(parent: Field, value: object) -> tuple[str, object]:
    if isinstance(value, Mapping):
        named = [(str(k), v) for k, v in value.items() if k not in ("attributes", "type")]
        if len(named) == 1:
            return named[0]
    raise SalesforceError(
        "JSON_PARSER_ERROR",
        f"{parent.relationship_name} must name one external ID field of {', '.join(parent.reference_to)} and its value",
    )


def _find(table: RecordTable, f: Field, value: Value) -> Sequence[Row]:
    return table.find(f.api_name, value) if table.is_indexed(f.api_name) else ()


def _foreign_key_refused(target: SObjectType, f: Field, value: Value, found: object) -> RowRefused:
    if found:
        return refuse(
            "INVALID_FIELD", f"More than one record found for external id field: {f.api_name}, value: {value!s}"
        )
    message = f"Foreign key external ID: {value!s} not found for field {f.api_name} in entity {target.api_name}"
    return refuse("INVALID_FIELD", message)
