"""hashCode as Java computes it for the values where code depends on it; stable within a run for the rest."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from struct import pack

from orgtwin.apex import context
from orgtwin.apex.records import SObject
from orgtwin.apex.values import (
    ApexList,
    ApexMap,
    ApexSet,
    EnumConstant,
    Id,
    Instance,
    KeySet,
    Long,
    Value,
    nested,
    wrap32,
)

HASH = 3  # 8 characters of a text cost a tick


def text_hash(text: str) -> int:
    """String.hashCode: 31 * h + c over UTF-16 units."""
    context.spend(1 + (len(text) >> HASH))
    h = 0
    units = text.encode("utf-16-le", "surrogatepass")
    for low, high in zip(units[::2], units[1::2], strict=True):
        h = (31 * h + (high << 8 | low)) & 0xFFFFFFFF
    return wrap32(h)


def hash_code(value: Value) -> int:
    """Object.hashCode of any value."""
    of_type = _BY_TYPE.get(type(value))
    if of_type is not None:
        return of_type(value)
    if isinstance(value, Instance) and value.cls.hash_code is not None:
        return int(value.cls.hash_code(value))
    return wrap32(hash(value) & 0xFFFFFFFF)


def _long_hash(value: int) -> int:
    return wrap32(value ^ value >> 32)


def _double_hash(value: float) -> int:
    """Double.hashCode: its bits as those of a Long."""
    return _long_hash(int.from_bytes(pack(">d", value), "big"))


def _decimal_hash(value: Decimal) -> int:
    """BigDecimal.hashCode, which the scale goes into: 31 * the digits' + scale."""
    sign, digits, exponent = value.as_tuple()
    whole = int("".join(map(str, digits)))
    h = 0
    for at in range((whole.bit_length() + 31) // 32 - 1, -1, -1):
        h = 31 * h + (whole >> 32 * at & 0xFFFFFFFF) & 0xFFFFFFFF
    return wrap32(31 * (-h if sign else h) - int(exponent))


def _list_hash(value: ApexList) -> int:
    context.spend(len(value.items) >> 1)
    h = 1
    for item in value.items:
        h = wrap32(31 * h + hash_code(item))
    return h


def _set_hash(value: ApexSet) -> int:
    """Whatever the order."""
    context.spend(len(value.items) >> 1)
    return wrap32(sum(map(hash_code, value.items)))


def _map_hash(value: ApexMap) -> int:
    context.spend(len(value.items) >> 1)
    return wrap32(sum(hash_code(k) ^ hash_code(v) for k, v in value.items.items()))


def _record_hash(value: SObject) -> int:
    """Of the fields by name, whatever the order (ASSUMED: orgs tell no figures)."""
    context.spend(len(value.fields))
    return wrap32(text_hash(value.type.key) + sum(text_hash(k) ^ hash_code(v) for k, v in value.fields.items()))


def _shown_hash(value: Value) -> int:
    return text_hash(str(value))


_BY_TYPE: dict[type, Callable[[Value], int]] = {
    type(None): lambda value: 0,
    bool: lambda value: 1231 if value else 1237,
    str: text_hash,
    Id: text_hash,
    int: int,
    Long: _long_hash,
    float: _double_hash,
    Decimal: _decimal_hash,
    ApexList: lambda value: int(nested(_list_hash, value)),
    ApexSet: lambda value: int(nested(_set_hash, value)),
    KeySet: lambda value: int(nested(_set_hash, value)),
    ApexMap: lambda value: int(nested(_map_hash, value)),
    SObject: _record_hash,
    EnumConstant: lambda value: int(value.ordinal) + 1,
    date: _shown_hash,
    datetime: _shown_hash,
    time: _shown_hash,
}
