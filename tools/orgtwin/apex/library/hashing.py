"""hashCode as Java computes it for the values where code depends on it; stable within a run for the rest."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal

from orgtwin.apex import context
from orgtwin.apex.numbers import decimal_text
from orgtwin.apex.values import ApexList, ApexMap, ApexSet, EnumConstant, Instance, Long, Value, nested, wrap32

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
    if value is None:
        return 0
    if isinstance(value, bool):
        return 1231 if value else 1237
    if isinstance(value, str):
        return text_hash(value)
    if isinstance(value, Long):
        return wrap32(value ^ (value >> 32))
    if isinstance(value, int):
        return int(value)
    if isinstance(value, Decimal):
        return text_hash(decimal_text(value))
    if isinstance(value, (ApexList, ApexSet, ApexMap)):
        return int(nested(_of_items, value))
    return _other(value)


def _of_items(value: Value) -> int:
    context.spend(len(value.items) >> 1)
    if isinstance(value, ApexMap):
        return wrap32(sum(hash_code(k) ^ hash_code(v) for k, v in value.items.items()))
    h = 1
    for item in value.items:
        h = wrap32(31 * h + hash_code(item))
    return h


def _other(value: Value) -> int:
    if isinstance(value, (date, datetime, time, float)):
        return text_hash(str(value))
    if isinstance(value, EnumConstant):
        return value.ordinal + 1
    if isinstance(value, Instance) and value.cls.hash_code is not None:
        return int(value.cls.hash_code(value))
    return wrap32(hash(value) & 0xFFFFFFFF)
