"""The SELECT list of records: which columns, under which parents, with which children.

The list becomes a tree of shapes, one per record in the answer: its own columns, its parents, its child queries.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from orgtwin.records.model import Row, Value
from orgtwin.schema.compounds import compound_parts
from orgtwin.schema.model import Field, FieldType, SObjectType
from orgtwin.soql.columns import Column, Lookup, Names, find_name_field
from orgtwin.soql.errors import no_such_column, refusal
from orgtwin.soql.execution import Execution, Reader
from orgtwin.soql.operands import AGGREGATES, WRAPPERS, Convert, unknown_function
from orgtwin.soql.rows import Cell, MakeRow, ResultRow
from orgtwin.soql.tree import Expression, Name, Selected, TypeOf

_NAME_OBJECT = "Name"  # the type that a polymorphic parent's attributes show

CellReader = Callable[[Row], Cell]
BindCell = Callable[[Execution], CellReader]


@dataclass(slots=True)
class Shape:
    """One record of the answer. `parents` and `cells` keep the order of first mention in `order`."""

    sobject_type: SObjectType | None
    cells: dict[str, BindCell] = field(default_factory=dict)
    columns: dict[str, Column] = field(default_factory=dict)
    parents: dict[str, tuple[Lookup, Shape]] = field(default_factory=dict)
    children: dict[str, Shape] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)

    def add_cell(self, key: str, bind: BindCell, column: Column | None = None) -> bool:
        """False when the key is taken."""
        if key in self.cells or key in self.parents:
            return False
        self.cells[key] = bind
        if column is not None:
            self.columns[key] = column
        self.order.append(key)
        return True

    def parent(self, lookup: Lookup) -> Shape:
        """The shape of a parent record, made at first mention."""
        found = self.parents.get(lookup.relationship)
        if found is None:
            found = self.parents[lookup.relationship] = (lookup, Shape(lookup.parent))
            self.order.append(lookup.relationship)
        return found[1]

    def bind(self, execution: Execution, api_name: str) -> MakeRow:
        """The maker of this shape's records, which are rows of the object `api_name`."""
        read_id = _id_reader(execution, api_name)
        parts = [
            (key, self.cells[key](execution) if key in self.cells else _bind_parent(execution, *self.parents[key]))
            for key in self.order
        ]

        def make(row: Row) -> ResultRow:
            return ResultRow(api_name, read_id(row), {key: read(row) for key, read in parts})

        return make


def _id_reader(execution: Execution, api_name: str) -> Callable[[Row], str | None]:
    owner = execution.catalog.find_type(api_name)
    if owner is None or owner.find_field("Id") is None:
        return lambda _row: None
    read = execution.table(api_name).reader("Id")
    return lambda row: None if (value := read(row)) is None else str(value)


def _bind_parent(execution: Execution, lookup: Lookup, shape: Shape) -> CellReader:
    if lookup.parent is None:
        return _bind_polymorphic(execution, lookup, shape)
    climb = execution.climber((lookup,))
    make = shape.bind(execution, lookup.parent.api_name)

    def read(row: Row) -> Cell:
        parent = climb(row)
        return None if parent is None else make(parent)

    return read


def _bind_polymorphic(execution: Execution, lookup: Lookup, shape: Shape) -> CellReader:
    """A parent of any of several objects: what the object at hand lacks reads None. The record shows as type Name."""
    read_id = execution.reference_reader(lookup)
    parents = {key: _bind_parent(execution, *shape.parents[key]) for key in shape.parents}

    def read(row: Row) -> Cell:
        record_id = read_id(row)
        api_name, parent = execution.find_record(record_id)
        if parent is None:
            return None
        values: dict[str, Cell] = {}
        for key in shape.order:
            column = shape.columns.get(key)
            if key in parents:
                values[key] = parents[key](parent)
            elif column is None:
                values[key] = None
            elif column.is_type_of_parent:
                values[key] = api_name
            else:
                values[key] = execution.read_name_field(api_name, parent, column.field.api_name)
        return ResultRow(api_name, str(record_id), values, _NAME_OBJECT)

    return read


def add_selected(names: Names, root: Shape, item: Selected) -> None:
    """Add one expression of the list. Raises MALFORMED_QUERY for what only groups may have."""
    name, convert = _unwrapped(names, item.expression)
    if item.alias is not None and convert is None:
        raise refusal(
            "MALFORMED_QUERY", "only aggregate expressions use field aliasing", names.text, item.expression.position
        )
    add_column(names, root, name, convert, item.alias)


def add_column(names: Names, root: Shape, name: Name, convert: Convert | None = None, alias: str | None = None) -> None:
    """Add a field path; a second mention of the same path is refused as the org refuses it."""
    column = names.column(name)
    if alias is not None:
        added = root.add_cell(alias, lambda execution: _converted(execution, column, convert, execution.reader(column)))
    else:
        added = _shape_at(root, column.lookups).add_cell(
            column.field.api_name, lambda execution: _own_cell(execution, column, convert), column
        )
    if not added:
        reason = f"duplicate field selected: {column.field.api_name if alias is None else alias}"
        raise refusal("MALFORMED_QUERY", reason, names.text, name.position)


def _shape_at(root: Shape, lookups: tuple[Lookup, ...]) -> Shape:
    shape = root
    for lookup in lookups:
        shape = shape.parent(lookup)
    return shape


def _own_cell(execution: Execution, column: Column, convert: Convert | None) -> CellReader:
    if column.field.type in (FieldType.ADDRESS, FieldType.LOCATION):
        return _compound_reader(execution, column)
    if column.is_type_of_parent:
        return lambda _row: None
    read = execution.table(column.owner.api_name).reader(column.field.api_name)
    return _converted(execution, column, convert, read)


def _converted(execution: Execution, column: Column, convert: Convert | None, read: Reader) -> CellReader:
    if convert is None:
        return read
    apply = convert(execution, column.field)
    return lambda row: apply(read(row))


def _compound_reader(execution: Execution, column: Column) -> CellReader:
    """An address or location: its parts by their wire names, None when all are blank."""
    table = execution.table(column.owner.api_name)
    parts = [(wire, table.reader(part.api_name)) for wire, part in compound_parts(column.owner, column.field)]

    def read(row: Row) -> Cell:
        values = {wire: part(row) for wire, part in parts}
        return values if any(value is not None for value in values.values()) else None

    return read


def _unwrapped(names: Names, expression: Expression) -> tuple[Name, Convert | None]:
    """The field inside toLabel(), FORMAT(), convertCurrency() and what they do to it, inner first."""
    if isinstance(expression, Name):
        return expression, None
    name = expression.name.lower()
    if name in AGGREGATES or name not in WRAPPERS or len(expression.arguments) != 1:
        raise unknown_function(names.text, expression)
    inner, before = _unwrapped(names, expression.arguments[0])
    return inner, _chained(before, WRAPPERS[name])


def _chained(before: Convert | None, after: Convert) -> Convert:
    if before is None:
        return after

    def convert(execution: Execution, column_field: Field | None) -> Callable[[Value], Value]:
        first, second = before(execution, column_field), after(execution, column_field)
        return lambda value: second(first(value))

    return convert


def add_type_of(names: Names, root: Shape, item: TypeOf) -> None:
    """TYPEOF: which fields to show depends on the object of the parent. Raises for a relationship of one object only."""
    lookups = names.lookups(item.relationship)
    lookup = lookups[-1]
    if lookup.parent is not None:
        reason = f"Illegal TYPEOF expression on '{item.relationship.text}': it is not a polymorphic relationship"
        raise refusal("MALFORMED_QUERY", reason, names.text, item.relationship.position)
    arms = {
        when.sobject_type.lower(): _arm(names, when.sobject_type, when.fields, when.position) for when in item.whens
    }
    otherwise = [_require_name_field(names, name) for name in item.otherwise]

    def bind(execution: Execution) -> CellReader:
        read_id = execution.table(lookup.owner.api_name).reader(lookup.field.api_name)

        def read(row: Row) -> Cell:
            record_id = read_id(row)
            api_name, parent = execution.find_record(record_id)
            if parent is None:
                return None
            arm = arms.get(api_name.lower())
            if arm is not None:
                return arm.bind(execution, api_name)(parent)
            shown = {key: execution.read_name_field(api_name, parent, key) for key in otherwise}
            return ResultRow(api_name, str(record_id), {**shown}, _NAME_OBJECT)

        return read

    if not _shape_at(root, lookups[:-1]).add_cell(lookup.relationship, bind):
        reason = f"duplicate field selected: {lookup.relationship}"
        raise refusal("MALFORMED_QUERY", reason, names.text, item.position)


def _arm(names: Names, sobject_type: str, fields: tuple[Name, ...], position: int) -> Shape:
    owner = names.catalog.find_type(sobject_type)
    if owner is None:
        raise refusal("INVALID_TYPE", f"sObject type '{sobject_type}' is not supported.", names.text, position)
    inside = Names.of_type(names, owner)
    shape = Shape(owner)
    for name in fields:
        add_column(inside, shape, name)
    return shape


def _require_name_field(names: Names, name: Name) -> str:
    """ELSE shows fields of the Name object only."""
    found = find_name_field(name.parts[-1])
    if found is None:
        raise no_such_column(names.text, name.parts[-1], _NAME_OBJECT, name.position)
    return found
