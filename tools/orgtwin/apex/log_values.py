"""Values as VARIABLE_ASSIGNMENT shows them, and the addresses of objects.

The forms are those of recorded logs: `"q = load \\"0Fb3h00000 (102 more) ..."`, `{"Name":"Acme"}`, `BLOB(5 bytes)`, an object
inside an object by its address. ASSUMED: dates as in JSON, fields without a value are left out, from how many items a collection is
only counted.
"""

from __future__ import annotations

import json
from datetime import date, datetime, time
from decimal import Decimal

from orgtwin.apex.numbers import decimal_text, double_text
from orgtwin.apex.records import SObject
from orgtwin.apex.values import ApexList, ApexMap, ApexSet, EnumConstant, Id, Instance, KeySet, Value, whole_characters

SHOWN_CHARACTERS = 20
MOST_ITEMS = 10
_FIRST_ADDRESS, _STEP = 0x10000000, 0x10
_COUNTED = {ApexList: "List", ApexSet: "Set", KeySet: "Set", ApexMap: "Map"}


class ShownValues:
    """Of one log: an object has the same address as long as the log is kept."""

    def __init__(self) -> None:
        self._addresses: dict[int, tuple[str, Value]] = {}

    def parts(self, value: Value) -> tuple[str, ...]:
        """The value and, of an object, its address."""
        return (self.shown(value), self.address(value)) if has_address(value) else (self.shown(value),)

    def address(self, value: Value) -> str:
        known = self._addresses.get(id(value))
        if known is None:
            known = (f"{_FIRST_ADDRESS + len(self._addresses) * _STEP:#x}", value)
            self._addresses[id(value)] = known
        return known[0]

    def shown(self, value: Value) -> str:
        """The value with what is directly in it."""
        counted = _COUNTED.get(type(value))
        if counted is not None and len(value.items) > MOST_ITEMS:
            return json.dumps(f"{counted} of size {len(value.items)} too large to display")
        if isinstance(value, ApexMap):
            return _object({_key(key): self._inner(item) for key, item in value.items.items()})
        if isinstance(value, (ApexList, ApexSet)):
            return f"[{','.join(map(self._inner, value.items))}]"
        if isinstance(value, SObject):
            return _object({name: self._inner(item) for name, item in value.fields.items() if item is not None})
        if isinstance(value, Instance):
            return _object({name: self._inner(item) for name, item in _fields(value) if item is not None})
        return _plain(value)

    def _inner(self, value: Value) -> str:
        """A record is shown inside a collection; of everything else that has fields the address."""
        if isinstance(value, SObject):
            return _object({name: _plain(item) for name, item in value.fields.items() if item is not None})
        return json.dumps(self.address(value)) if has_address(value) else _plain(value)


def has_address(value: Value) -> bool:
    return isinstance(value, (ApexList, ApexSet, ApexMap, SObject, Instance))


def _fields(value: Instance) -> list[tuple[str, Value]]:
    return sorted((v.name, value.fields[v.slot]) for cls in value.cls.chain() for v in cls.variables.values())


def _object(values: dict[str, str]) -> str:
    return "{" + ",".join(f"{json.dumps(name)}:{text}" for name, text in values.items()) + "}"


def _key(key: Value) -> str:
    return key if isinstance(key, str) else str(key.name) if isinstance(key, EnumConstant) else str(key)


def _plain(value: Value) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, (float, Decimal)):
        return double_text(value) if isinstance(value, float) else decimal_text(value)
    if isinstance(value, bytes):
        return f"BLOB({len(value)} bytes)"
    if isinstance(value, (datetime, date, time)):
        return json.dumps(value.isoformat())
    if isinstance(value, Id):
        return json.dumps(str(value))
    if isinstance(value, EnumConstant):
        return json.dumps(value.name)
    text = whole_characters(value) if isinstance(value, str) else type(value).__name__
    more = len(text) - SHOWN_CHARACTERS
    return json.dumps(text if more <= 0 else f"{text[:SHOWN_CHARACTERS]} ({more} more) ...", ensure_ascii=False)
