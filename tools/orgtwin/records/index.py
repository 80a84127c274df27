"""Which rows have a value in a field. Text keys fold case unless the field is case-sensitive; None is never a key."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Protocol

from orgtwin.records.model import Row, Value
from orgtwin.schema.model import Field, FieldType

_ID_TYPES = (FieldType.ID, FieldType.REFERENCE)


class RowFollower(Protocol):
    """Is told of every live row of a table as it comes, changes and goes."""

    def add(self, row: Row) -> None: ...

    def add_all(self, rows: Sequence[Row]) -> None: ...

    def remove(self, row: Row) -> None: ...

    def moves(self, row: Row, content: Row) -> bool:
        """True when that content makes another row of it for this follower, which is then told to remove and add it."""


class Index(RowFollower, Protocol):
    field: Field

    def find(self, value: Value) -> Sequence[Row]: ...


class _Keyed:
    def __init__(self, field: Field, slot: int) -> None:
        self.field = field
        self._slot = slot
        self._at_slot: Callable[[Row], Value] = itemgetter(slot)
        self._folds = not field.case_sensitive and field.type not in _ID_TYPES

    def key(self, row: Row) -> Value:
        try:
            value = row[self._slot]
        except IndexError:
            return None
        return value.lower() if self._folds and isinstance(value, str) else value

    def keys(self, rows: Sequence[Row]) -> list[Value]:
        """`key` of each."""
        if self._folds:
            return list(map(self.key, rows))
        try:
            return list(map(self._at_slot, rows))
        except IndexError:
            return list(map(self.key, rows))

    def key_of(self, value: Value) -> Value:
        return value.lower() if self._folds and isinstance(value, str) else value

    def moves(self, row: Row, content: Row) -> bool:
        slot = self._slot
        if slot < len(row) and slot < len(content) and row[slot] == content[slot]:
            return False
        return self.key(row) != self.key(content)


class UniqueIndex(_Keyed):
    """At most one row per value."""

    def __init__(self, field: Field, slot: int) -> None:
        super().__init__(field, slot)
        self._rows: dict[Value, Row] = {}

    def add(self, row: Row) -> None:
        key = self.key(row)
        if key is not None:
            self._rows[key] = row

    def add_all(self, rows: Sequence[Row]) -> None:
        self._rows.update((key, row) for key, row in zip(self.keys(rows), rows, strict=True) if key is not None)

    def remove(self, row: Row) -> None:
        key = self.key(row)
        if key is not None:
            self._rows.pop(key, None)

    def find(self, value: Value) -> Sequence[Row]:
        row = self._rows.get(self.key_of(value))
        return () if row is None else (row,)

    @property
    def find_one(self) -> Callable[[Value], Row | None]:
        """The row of a key as `key_of` makes it."""
        return self._rows.get

    def meets(self, rows: Sequence[Row]) -> bool:
        """Whether some of these rows, or one of them and one that is here, have the same value."""
        keys = [key for key in self.keys(rows) if key is not None]
        return len(set(keys)) < len(keys) or not self._rows.keys().isdisjoint(keys)

    def find_other(self, row: Row) -> Row | None:
        """The row that already has this row's value, unless it is the same record."""
        other = self._rows.get(self.key(row))
        return None if other is None or other[0] == row[0] else other


class KeyedIndex(_Keyed):
    """Any number of rows per value. A lone row is kept bare: most keys have one row and a dict each would cost too much."""

    def __init__(self, field: Field, slot: int) -> None:
        super().__init__(field, slot)
        self._rows: dict[Value, Row | dict[Value, Row]] = {}

    def add(self, row: Row) -> None:
        key = self.key(row)
        if key is None:
            return
        held = self._rows.get(key)
        if held is None:
            self._rows[key] = row
        elif isinstance(held, dict):
            held[row[0]] = row
        else:
            self._rows[key] = {held[0]: held, row[0]: row}

    def add_all(self, rows: Sequence[Row]) -> None:
        for row in rows:
            self.add(row)

    def remove(self, row: Row) -> None:
        key = self.key(row)
        held = None if key is None else self._rows.get(key)
        if isinstance(held, dict):
            held.pop(row[0], None)
            if not held:
                del self._rows[key]
        elif held is not None:
            del self._rows[key]

    def find(self, value: Value) -> Sequence[Row]:
        held = self._rows.get(self.key_of(value))
        if held is None:
            return ()
        return tuple(held.values()) if isinstance(held, dict) else (held,)
