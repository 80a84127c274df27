"""Field values in MessagePack: what the format does not have travels as an extension with the ISO or decimal text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, time
from decimal import Decimal
from functools import lru_cache

import msgspec

from orgtwin.records.model import Value

_DECIMAL, _DATE, _TIME = 1, 2, 3
_MANY = 8
_LOADERS: dict[int, Callable[[str], Value]] = {
    _DECIMAL: Decimal,
    _DATE: date.fromisoformat,
    _TIME: time.fromisoformat,
}


def dump_values(values: Iterable[Value]) -> list[object]:
    """The values of a row as msgspec encodes them; datetimes have a type of their own in the format."""
    find = _DUMPERS.get
    return [value if (dump := find(type(value))) is None else dump(value) for value in values]


def dump_rows(rows: Sequence[Sequence[Value]]) -> Sequence[Sequence[object]]:
    """`dump_values` of each of some rows of one width; of many, column by column: most columns are encoded as they are."""
    if len(rows) < _MANY:
        return [dump_values(row) for row in rows]
    return list(zip(*map(_dump_column, zip(*rows, strict=True)), strict=True))


def _dump_column(values: tuple[Value, ...]) -> Sequence[object]:
    return values if _DUMPERS.keys().isdisjoint(map(type, values)) else dump_values(values)


def _ext(code: int) -> Callable[[Value], msgspec.msgpack.Ext]:
    return lambda value: msgspec.msgpack.Ext(code, str(value).encode("ascii"))


# Many rows have the same days. Equal numbers are not the same: 1.0 is not 1.
_DUMPERS: dict[type, Callable[[Value], msgspec.msgpack.Ext]] = {
    Decimal: _ext(_DECIMAL),
    date: lru_cache(maxsize=8192)(_ext(_DATE)),
    time: _ext(_TIME),
}


def load_ext(code: int, data: memoryview) -> Value:
    """The value of an extension, for the decoder."""
    return _LOADERS[code](bytes(data).decode("ascii"))
