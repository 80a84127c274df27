"""ApexClass and ApexTrigger of the Tooling API with their SymbolTable, which the stored objects do not have.

A table is made when a row is shown: a query that finds one class of a thousand reads one. Source: "ApexClass", "ApexTrigger",
"SymbolTable" (Tooling API Developer Guide).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial

from orgtwin.apex.symbols import symbol_table
from orgtwin.organization import Organization
from orgtwin.records.model import Caller, Value
from orgtwin.schema.model import Field, FieldType, SObjectType
from orgtwin.soql.catalog import MadeWhenShown, VirtualTable, VirtualTables

_SYMBOLS = Field("SymbolTable", "Symbol Table", FieldType.COMPLEX_VALUE, createable=False, updateable=False)
_NAMES = ("ApexClass", "ApexTrigger")


class SymbolTables:
    """One org's."""

    def __init__(self, org: Organization) -> None:
        self._org = org
        self._made: tuple[int, VirtualTables] | None = None

    def over(self, tables: VirtualTables) -> VirtualTables:
        """The tables with those of this module before them; the same as long as the schema is."""
        version = self._org.schema.version
        if self._made is None or self._made[0] != version:
            self._made = version, tables.extended(_table(self._org, name) for name in _NAMES)
        return self._made[1]


def class_names(org: Organization) -> Callable[[str], bool]:
    """Whether the org has a class of a name, in any case."""
    table = org.table("ApexClass")
    read = table.reader("Name")
    names = frozenset(str(read(row)).lower() for row in table.rows())
    return lambda name: name.lower() in names


def _stored(org: Organization, name: str) -> SObjectType:
    found = org.schema.find_type(name)
    if found is None:
        raise LookupError(name)
    return found


def _table(org: Organization, name: str) -> VirtualTable:
    stored = _stored(org, name)
    return VirtualTable(replace(stored, fields=(*stored.fields, _SYMBOLS)), partial(_rows, name))


def _rows(name: str, org: Organization, _caller: Caller) -> Iterator[Mapping[str, Value]]:
    table = org.table(name)
    readers = [(field.api_name, table.reader(field.api_name)) for field in _stored(org, name).fields]
    is_known = class_names(org)
    for row in table.rows():
        values: dict[str, Value] = {field: read(row) for field, read in readers}
        made = MadeWhenShown(partial(symbol_table, str(values.get("Body") or ""), str(row[0]), is_known))
        yield {**values, "SymbolTable": made}  # type: ignore[dict-item]  # a complex value
