"""From one type to another: implicit conversions, casts, and the run-time type of a value.

Source: "Rules of Conversion", "Classes and Casting" (Apex Developer Guide).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal

from orgtwin.apex import context
from orgtwin.apex.faults import throw
from orgtwin.apex.numbers import narrowed, to_decimal
from orgtwin.apex.records import SObject, to_id
from orgtwin.apex.types import (
    BLOB,
    BOOLEAN,
    DATE,
    DATETIME,
    DECIMAL,
    DOUBLE,
    ID,
    INTEGER,
    LONG,
    NUMERIC_RANK,
    OBJECT,
    SOBJECT,
    STRING,
    TIME,
    Kind,
    Type,
    list_of,
)
from orgtwin.apex.values import ApexList, ApexMap, ApexSet, EnumConstant, Id, Instance, Long, Value, wrap32
from orgtwin.ids import find_id18

Convert = Callable[[Value], Value]

_RUNTIME_TYPES: Mapping[type, Type] = {
    int: INTEGER,
    Long: LONG,
    float: DOUBLE,
    Decimal: DECIMAL,
    bool: BOOLEAN,
    str: STRING,
    Id: ID,
    bytes: BLOB,
    date: DATE,
    datetime: DATETIME,
    time: TIME,
}


def runtime_type(value: Value) -> Type:
    """The type of a value that is not null."""
    found = _RUNTIME_TYPES.get(type(value))
    if found is not None:
        return found
    if isinstance(value, (Instance, EnumConstant)):
        return value.cls.type
    if isinstance(value, (ApexList, ApexSet, ApexMap, SObject)):
        return value.type
    given: Type = getattr(value, "apex_type", OBJECT)
    return given


def _to_long(value: Value) -> Value:
    return None if value is None else Long(value)


def _to_double(value: Value) -> Value:
    return None if value is None else float(value)


def _to_decimal(value: Value) -> Value:
    return None if value is None else to_decimal(value)


def _to_text(value: Value) -> Value:
    return None if value is None else str(value)


def _to_datetime(value: Value) -> Value:
    return None if value is None else context.engine().start_of_day(value)


_IMPLICIT: Mapping[tuple[Type, Type], Convert] = {
    (INTEGER, LONG): _to_long,
    (INTEGER, DOUBLE): _to_double,
    (INTEGER, DECIMAL): _to_decimal,
    (LONG, DOUBLE): _to_double,
    (LONG, DECIMAL): _to_decimal,
    (DOUBLE, DECIMAL): _to_decimal,
    (DECIMAL, DOUBLE): _to_double,
    (STRING, ID): to_id,
    (ID, STRING): _to_text,
    (DATE, DATETIME): _to_datetime,
}


def first_row(value: Value) -> Value:
    """`Account a = [SELECT ...]`: exactly one row."""
    if len(value.items) != 1:
        count = "no rows" if not value.items else "more than 1 row"
        raise throw("QueryException", f"List has {count} for assignment to SObject")
    return value.items[0]


def implicit_conversion(source: Type, target: Type) -> Convert | None:
    """What to do to a value when it is assigned; None when nothing."""
    if source is target:
        return None
    return _IMPLICIT.get((source, target))


_NARROWING: Mapping[tuple[Type, Type], Convert] = {
    (LONG, INTEGER): lambda v: None if v is None else wrap32(int(v)),
    (DOUBLE, INTEGER): lambda v: None if v is None else narrowed(v, 32),
    (DECIMAL, INTEGER): lambda v: None if v is None else wrap32(int(v)),
    (DOUBLE, LONG): lambda v: None if v is None else Long(narrowed(v, 64)),
    (DECIMAL, LONG): lambda v: None if v is None else Long(int(v)),
    (DATETIME, DATE): lambda v: None if v is None else v.date(),
}


_STRINGS_AS_IDS = (list_of(STRING), list_of(ID))
"""A list of texts becomes one of ids, each of which must be one (ASSUMED, from public code)."""


def is_instance(value: Value, target: Type) -> bool:
    """`value instanceof target`; null is an instance of nothing, a String that is a valid id is an Id."""
    if value is None:
        return False
    if target is OBJECT:
        return True
    if target is ID and isinstance(value, str):
        return find_id18(value) is not None
    return _holds(runtime_type(value), target)


_ALSO: frozenset[tuple[Type, Type]] = frozenset(((DECIMAL, DOUBLE), (DATE, DATETIME), (ID, STRING)))
"""Pairs beyond widening for which orgs answer true."""


def _holds(actual: Type, target: Type) -> bool:
    if actual == target or (actual, target) in _ALSO:
        return True
    if target is SOBJECT:
        return actual.is_sobject
    if actual in NUMERIC_RANK:
        return target in NUMERIC_RANK and NUMERIC_RANK[actual] <= NUMERIC_RANK[target]
    if actual.cls is not None and target.cls is not None:
        return actual.cls.is_a(target.cls)
    if actual.cls is not None and target.kind is Kind.COLLECTION:
        return any(i == target or _iterates_as(i, target) for i in actual.cls.interface_types())
    return actual.kind is Kind.COLLECTION and target.kind is Kind.COLLECTION and _holds_collection(actual, target)


def _iterates_as(interface: Type, target: Type) -> bool:
    """Does what a class iterates over stand for what the target iterates over? `Iterator<Account>` for `Iterator<Object>`."""
    return interface.key == target.key and bool(interface.args) and _holds_item(interface.args[0], target.args[0])


def _iterates_over_anything(actual: Type, target: Type) -> bool:
    """A class that is an Iterator<Object> is cast to one of what its values are. ASSUMED, from public code that orgs run."""
    if actual.cls is None or target.key not in ("iterator", "iterable"):
        return False
    return any(i.key == target.key and list(i.args) == [OBJECT] for i in actual.cls.interface_types())


def _holds_collection(actual: Type, target: Type) -> bool:
    if target.key == "iterable":
        return actual.key in ("list", "set") and _holds_item(actual.args[0], target.args[0])
    if actual.key != target.key:
        return False
    if actual.key == "set" and actual.args[0] is SOBJECT and target.args[0] is OBJECT:
        return False  # ASSUMED, from public code: a Set<SObject> is no Set<Object>
    return all(_holds_item(a, t) for a, t in zip(actual.args, target.args, strict=True))


def _holds_item(actual: Type, target: Type) -> bool:
    if actual == target or target is OBJECT or (actual, target) == (ID, STRING):
        return True
    if actual is SOBJECT and target.is_sobject:
        return True
    return actual.kind is not Kind.PRIMITIVE and _holds(actual, target)


def cast(source: Type, target: Type) -> Convert | None:
    """What a cast does; None when the static types leave nothing to check."""
    if source is target or target is OBJECT:
        return None
    narrowing = _NARROWING.get((source, target)) or _IMPLICIT.get((source, target))
    if narrowing is not None:
        return narrowing
    if source.kind is Kind.COLLECTION and source.key == "list" and target.is_sobject:
        return first_row

    def checked(value: Value) -> Value:
        if value is None:
            return None
        actual = runtime_type(value)
        if actual is target or _holds(actual, target) or _iterates_over_anything(actual, target):
            widening = _IMPLICIT.get((actual, target))
            return value if widening is None else widening(value)
        if (actual, target) in ((STRING, ID), (DECIMAL, DOUBLE)):
            return _IMPLICIT[actual, target](value)
        if (actual, target) == _STRINGS_AS_IDS:
            return ApexList(target, [None if item is None else to_id(item) for item in value.items])
        raise throw("TypeException", f"Invalid conversion from runtime type {actual.name} to {target.name}")

    return checked
