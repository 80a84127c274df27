"""A row of this org as a formula sees it.

A formula may be run on every row of a load, and most read a field or two: what they read is found out once per formula and table,
and the moment, the zone and the globals are asked for by those that name them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, tzinfo
from functools import cached_property
from typing import Protocol

import msgspec

from orgtwin.formula import FieldPath, GlobalPath
from orgtwin.records.model import Row, Value
from orgtwin.records.table import Reader, RecordTable
from orgtwin.zones import zone_of


class Org(Protocol):
    running_user_id: str

    @property
    def now(self) -> datetime: ...

    def table(self, sobject_type: str) -> RecordTable: ...


class Moment:
    """When, and for whom, formulas are run: the same for all rows of a batch."""

    def __init__(self, org: Org) -> None:
        self._org = org

    @cached_property
    def now(self) -> datetime:
        return self._org.now

    @cached_property
    def zone(self) -> tzinfo:
        """The running user's."""
        users = self._org.table("User")
        user = users.get(self._org.running_user_id)
        name = users.reader("TimeZoneSidKey")(user) if user is not None else None
        return zone_of(str(name)) if name else UTC


class FormulaRow(msgspec.Struct, frozen=True, gc=False):
    """The Context of one row. `readers` has the text of every path that the formula may ask for."""

    readers: Mapping[str, Reader]
    globals: Callable[[GlobalPath, Row], Value]
    moment: Moment
    row: Row
    before: Row | None = None

    @property
    def now(self) -> datetime:
        return self.moment.now

    @property
    def zone(self) -> tzinfo:
        return self.moment.zone

    @property
    def is_new(self) -> bool:
        return self.before is None

    @property
    def is_clone(self) -> bool:
        return False

    def value(self, path: FieldPath, /) -> Value:
        return self.readers[path.text](self.row)

    def prior(self, path: FieldPath, /) -> Value:
        return self.readers[path.text](self.row if self.before is None else self.before)

    def global_value(self, path: GlobalPath, /) -> Value:
        return self.globals(path, self.row)


def path_readers(org: Org, table: RecordTable, paths: Iterable[FieldPath]) -> dict[str, Reader]:
    """By the text of the path; they hold as long as the schema does."""
    return {path.text: _parent_reader(org, table, path) if path.lookups else _own_reader(table, path) for path in paths}


def _own_reader(table: RecordTable, path: FieldPath) -> Reader:
    f = table.type.find_field(path.field)
    if f is None or not f.formula:
        return table.reader(path.field)
    return lambda row: table.reader(path.field)(row)  # compiled when it is first read: formulas may name each other


def _parent_reader(org: Org, table: RecordTable, path: FieldPath) -> Reader:
    """Tables of other objects are looked up at each read: they change without this one."""

    def read(row: Row) -> Value:
        at = table
        for lookup in path.lookups:
            parent_id = at.reader(lookup.field)(row)
            at = org.table(lookup.parent_type)
            parent = at.get(str(parent_id)) if parent_id else None
            if parent is None:
                return None
            row = parent
        return at.reader(path.field)(row)

    return read
