"""Rows that all have the same keys, as a CSV has them and the rows of a collection mostly do: values by position."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from operator import itemgetter
from typing import overload

WireRow = Mapping[str, object]
_FEWEST = 4


@dataclass(frozen=True, slots=True)
class Sheet(Sequence[WireRow]):
    """A line has one value for each key, in order; it becomes a mapping only when someone asks for that row.

    Whether rows are a sheet is asked by `type(rows) is Sheet`: isinstance costs ten times as much for a Sequence.
    """

    keys: tuple[str, ...]
    lines: Sequence[Sequence[object]]

    def __len__(self) -> int:
        return len(self.lines)

    @overload
    def __getitem__(self, at: int) -> WireRow: ...
    @overload
    def __getitem__(self, at: slice) -> Sheet: ...
    def __getitem__(self, at: int | slice) -> WireRow | Sheet:
        if isinstance(at, slice):
            return Sheet(self.keys, self.lines[at])
        return dict(zip(self.keys, self.lines[at], strict=True))

    def __iter__(self) -> Iterator[WireRow]:
        return map(self.__getitem__, range(len(self.lines)))


def find_sheet(rows: Sequence[WireRow]) -> Sheet | None:
    """The same rows as a sheet, or None when some have other keys, or there are too few to gain by it."""
    if type(rows) is Sheet:
        return rows
    if len(rows) < _FEWEST:
        return None
    keys = tuple(rows[0])
    if not all(tuple(row) == keys for row in rows):
        return None
    return Sheet(keys, [tuple(row.values()) for row in rows])


def values_under(rows: Sequence[WireRow], name: str) -> Iterable[object]:
    """What each row has under a name in any case; None where it has nothing."""
    wanted = name.lower()
    if type(rows) is not Sheet:
        return [_value_under(row, name, wanted) for row in rows]
    at = next((at for at, key in enumerate(rows.keys) if key.lower() == wanted), None)
    return repeat(None, len(rows)) if at is None else map(itemgetter(at), rows.lines)


def _value_under(row: WireRow, name: str, wanted: str) -> object:
    value = row.get(name)
    return value if value is not None else next((v for key, v in row.items() if key.lower() == wanted), None)
