"""Values as text: String.valueOf, concatenation, System.debug. Source: "String Class", valueOf; formats as orgs print them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from orgtwin.apex import context
from orgtwin.apex.numbers import decimal_text, double_text
from orgtwin.apex.types import Type
from orgtwin.apex.values import (
    ApexList,
    ApexMap,
    ApexSet,
    EnumConstant,
    ExceptionInstance,
    Id,
    Instance,
    Long,
    Value,
)

DATETIME_TICKS = 12  # of a moment that is written out; ASSUMED, as the whole CPU model is
MAX_DEPTH = 12  # how deep an object is shown inside another


def date_text(value: date) -> str:
    return f"{value.year:04}-{value.month:02}-{value.day:02}"


def datetime_text(value: datetime) -> str:
    """In the user's time zone."""
    context.spend(DATETIME_TICKS)
    return value.astimezone(context.engine().user_zone()).strftime("%Y-%m-%d %H:%M:%S")


def time_text(value: time) -> str:
    return f"{value.hour:02}:{value.minute:02}:{value.second:02}.{value.microsecond // 1000:03}Z"


def _list_text(value: ApexList | ApexSet, opening: str, closing: str, depth: int) -> str:
    return opening + ", ".join(_nested(v, depth) for v in value.items) + closing


def _map_text(value: ApexMap, depth: int) -> str:
    return "{" + ", ".join(f"{_nested(k, depth)}={_nested(v, depth)}" for k, v in value.items.items()) + "}"


def _exception_text(value: ExceptionInstance) -> str:
    message = value.cls.vtable["getmessage()"].call(value)
    return f"{value.cls.full_name}: {_PLAIN[type(message)](message)}"


def _instance_text(value: Instance, depth: int) -> str:
    own = value.cls.vtable.get("tostring()")
    if own is not None:
        text = own.call(value)
        return _PLAIN[type(text)](text)
    shown = [
        f"{v.name}={_nested(value.fields[v.slot], depth)}"
        for cls in reversed(list(value.cls.chain()))
        for v in cls.variables.values()
        if v.slot >= 0
    ]
    return f"{value.cls.name.rsplit('.', 1)[-1]}:[{', '.join(shown)}]"


def _nested(value: Value, depth: int) -> str:
    if depth > MAX_DEPTH:
        return "..."
    if type(value) is date:
        return f"{date_text(value)} 00:00:00"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    return _by_type(value, depth + 1)


_PLAIN: dict[type, Callable[[Any], str]] = {
    str: str,
    Id: str,
    int: str,
    Long: lambda v: int.__repr__(v),
    bool: lambda v: "true" if v else "false",
    Decimal: decimal_text,
    float: double_text,
    date: date_text,
    datetime: datetime_text,
    time: time_text,
    bytes: lambda v: f"Blob[{len(v)}]",
    EnumConstant: lambda v: v.name,
    type(None): lambda v: "null",
}


def _by_type(value: Value, depth: int) -> str:
    plain = _PLAIN.get(type(value))
    if plain is not None:
        return plain(value)
    if isinstance(value, ApexList):
        return _list_text(value, "(", ")", depth)
    if isinstance(value, ApexSet):
        return _list_text(value, "{", "}", depth)
    if isinstance(value, ApexMap):
        return _map_text(value, depth)
    if isinstance(value, ExceptionInstance):
        return _exception_text(value)
    if isinstance(value, Instance):
        return _instance_text(value, depth)
    return _platform_text(value)


_PYTHONS_OWN: object = object.__str__


def _platform_text(value: Value) -> str:
    """A platform object. ASSUMED for one whose text no page shows: its type, and nothing of what it holds."""
    if type(value).__str__ is not _PYTHONS_OWN:
        return str(value)
    type_: Type | None = getattr(value, "apex_type", None)
    return f"{type(value).__name__ if type_ is None else type_.name}[]"


def to_text(value: Value) -> str:
    """As String.valueOf gives it; null is "null"."""
    if type(value) not in _PLAIN:
        context.engine().require_room(value, MAX_DEPTH)
    return _by_type(value, 0)


def concatenated(value: Value) -> str:
    """As `'' + value` and System.debug give it: a Date shows midnight, a Datetime is in GMT."""
    if type(value) not in _PLAIN:
        context.engine().require_room(value, MAX_DEPTH)
    return _nested(value, 0)
