"""Field values in MessagePack: what the format does not have travels as an extension with the ISO or decimal text."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time
from decimal import Decimal

import msgspec

from orgtwin.records.model import Value

_DECIMAL, _DATE, _TIME = 1, 2, 3
_CODES: dict[type, int] = {Decimal: _DECIMAL, date: _DATE, time: _TIME}
_LOADERS: dict[int, Callable[[str], Value]] = {
    _DECIMAL: Decimal,
    _DATE: date.fromisoformat,
    _TIME: time.fromisoformat,
}


def dump_value(value: Value) -> object:
    """The value as msgspec encodes it; datetimes have a type of their own in the format."""
    code = _CODES.get(type(value))
    if code is None:
        return value
    return msgspec.msgpack.Ext(code, str(value).encode("ascii"))


def load_ext(code: int, data: memoryview) -> Value:
    """The value of an extension, for the decoder."""
    return _LOADERS[code](bytes(data).decode("ascii"))
