"""What a FROM clause may name: the objects of the org's schema and, over them, virtual tables.

A virtual table has no stored rows: Tooling API objects (ApexClass, SourceMember, EntityDefinition ...) are computed when
asked. Whoever emulates such an object registers it:

    tables = VirtualTables()
    tables.register(VirtualTable(entity_definition_type, lambda org, caller: [{"Id": ..., "QualifiedApiName": "Account"}, ...]))
    execute(org, caller, "SELECT QualifiedApiName FROM EntityDefinition", virtual=tables)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from orgtwin.organization import Organization
from orgtwin.records.model import Caller, Row, Table, Value
from orgtwin.schema.model import ChildRelationship, Schema, SObjectType

RowProvider = Callable[[Organization, Caller], Iterable[Mapping[str, Value]]]
MakeTable = Callable[[str], "VirtualTable | None"]


class MadeWhenShown(dict[str, Value]):
    """A complex value that is made when its row is shown, and for no other row."""

    def __init__(self, make: Callable[[], object]) -> None:
        super().__init__()
        self.make = make


@dataclass(frozen=True, slots=True)
class VirtualTable:
    """One computed object. `rows` gives values by API name (any case), typed as in records.model; a missing key is None.

    A complex value may be MadeWhenShown.
    """

    sobject_type: SObjectType
    rows: RowProvider


class VirtualTables:
    """The computed objects of one door of the org. `version` grows with every registration."""

    def __init__(self, tables: Iterable[VirtualTable] = ()) -> None:
        self._tables: dict[str, VirtualTable] = {}
        self._families: dict[str, MakeTable] = {}
        self.version = 0
        for table in tables:
            self.register(table)

    def register(self, table: VirtualTable) -> None:
        """Add a table, or replace the one of that name."""
        self._tables[table.sobject_type.api_name.lower()] = table
        self.version += 1

    def extended(self, tables: Iterable[VirtualTable]) -> VirtualTables:
        """These and others, which go before those of the same name."""
        found = VirtualTables((*self._tables.values(), *tables))
        found._families = self._families
        return found

    def register_family(self, suffix: str, make: MakeTable) -> None:
        """Let `make` look for a table whose name ends like that when it is first asked for."""
        self._families[suffix] = make

    def find(self, name: str) -> VirtualTable | None:
        found = self._tables.get(name.lower())
        if found is None and self._families:
            found = self._find_in_family(name.lower())
        return found

    def _find_in_family(self, name: str) -> VirtualTable | None:
        make = next((make for suffix, make in self._families.items() if name.endswith(suffix)), None)
        found = make(name) if make is not None else None
        if found is not None:
            self.register(found)
        return found

    def find_by_prefix(self, prefix: str) -> VirtualTable | None:
        return next((table for table in self._tables.values() if table.sobject_type.key_prefix == prefix), None)

    def children_of(self, api_name: str) -> tuple[ChildRelationship, ...]:
        """What points at an object from a virtual table."""
        wanted = api_name.lower()
        return tuple(
            ChildRelationship(table.sobject_type.api_name, field.api_name, field.child_relationship_name)
            for table in self._tables.values()
            for field in table.sobject_type.fields
            if wanted in (parent.lower() for parent in field.reference_to)
        )


@dataclass(frozen=True, slots=True)
class Catalog:
    """The objects one query may see."""

    schema: Schema
    virtual: VirtualTables

    def find_type(self, name: str) -> SObjectType | None:
        table = self.virtual.find(name)
        return self.schema.find_type(name) if table is None else table.sobject_type

    def find_by_prefix(self, prefix: str) -> SObjectType | None:
        """The object whose ids begin with these three characters."""
        table = self.virtual.find_by_prefix(prefix)
        return self.schema.find_by_prefix(prefix) if table is None else table.sobject_type

    def children_of(self, api_name: str) -> tuple[ChildRelationship, ...]:
        return self.schema.children_of(api_name) + self.virtual.children_of(api_name)

    def is_virtual(self, api_name: str) -> bool:
        return self.virtual.find(api_name) is not None

    def table(self, org: Organization, caller: Caller, api_name: str) -> Table:
        found = self.virtual.find(api_name)
        return org.table(api_name) if found is None else _Computed(found, org, caller)


class _Computed:
    """A virtual table's rows, computed once per query, as a Table."""

    def __init__(self, table: VirtualTable, org: Organization, caller: Caller) -> None:
        self._slots = {field.api_name.lower(): index for index, field in enumerate(table.sobject_type.fields)}
        self._rows = [self._row(values) for values in table.rows(org, caller)]
        self._by_id: dict[Value, Row] | None = None

    def _row(self, values: Mapping[str, Value]) -> Row:
        row: list[Value] = [None] * len(self._slots)
        for name, value in values.items():
            row[self._slots[name.lower()]] = value
        return Row(row)

    def reader(self, field: str) -> Callable[[Row], Value]:
        slot = self._slots[field.lower()]
        return lambda row: row[slot]

    def rows(self) -> Iterable[Row]:
        return self._rows

    def deleted_rows(self) -> Iterable[Row]:
        return ()

    def __len__(self) -> int:
        return len(self._rows)

    def get(self, record_id: str) -> Row | None:
        if self._by_id is None:
            slot = self._slots.get("id")
            self._by_id = {} if slot is None else {row[slot]: row for row in self._rows}
        return self._by_id.get(record_id)

    def is_indexed(self, field: str) -> bool:
        return field.lower() == "id"

    def find(self, field: str, value: Value) -> Sequence[Row]:
        row = self.get(str(value))
        return () if row is None else (row,)
