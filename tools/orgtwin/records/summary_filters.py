"""Which children a roll-up summary counts: all filter items must hold.

Source: "CustomField" (Metadata API Developer Guide), FilterItem and FilterOperation: equals and notEqual take several values
between commas; text compares without case; an empty field only equals an empty value.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal

from orgtwin.errors import Unsupported
from orgtwin.records.coerce import compile_coercer
from orgtwin.records.model import Row, Value
from orgtwin.records.table import RecordTable
from orgtwin.schema.model import Field

Counts = Callable[[Row], bool]
Test = Callable[[Value, list[Value]], bool]


def _equals(value: Value, wanted: list[Value]) -> bool:
    return _fold(value) in [_fold(one) for one in wanted]


def _ordered(value: Value, limit: Value) -> int | None:
    """Below 0, 0, above 0; None when the two have no order."""
    for kinds in ((int, Decimal), (datetime,), (date,), (time,), (str,)):
        if isinstance(value, kinds) and isinstance(limit, kinds) and not isinstance(value, bool):
            return (value > limit) - (value < limit)  # type: ignore[operator]
    return None


def _compares(accepts: Callable[[int], bool]) -> Test:
    def test(value: Value, wanted: list[Value]) -> bool:
        order = _ordered(value, wanted[0])
        return order is not None and accepts(order)

    return test


def _contains(value: Value, wanted: list[Value]) -> bool:
    return any(str(one).lower() in str(value or "").lower() for one in wanted)


def _includes(value: Value, wanted: list[Value]) -> bool:
    chosen = str(value or "").split(";")
    return any(part in chosen for one in wanted for part in str(one).split(";"))


TESTS: dict[str, Test] = {
    "equals": _equals,
    "notEqual": lambda value, wanted: not _equals(value, wanted),
    "lessThan": _compares(lambda order: order < 0),
    "greaterThan": _compares(lambda order: order > 0),
    "lessOrEqual": _compares(lambda order: order <= 0),
    "greaterOrEqual": _compares(lambda order: order >= 0),
    "contains": _contains,
    "notContain": lambda value, wanted: not _contains(value, wanted),
    "startsWith": lambda value, wanted: any(str(value or "").lower().startswith(str(one).lower()) for one in wanted),
    "includes": _includes,
    "excludes": lambda value, wanted: not _includes(value, wanted),
}


def compile_filters(children: RecordTable, filters: tuple[tuple[str, str, str], ...]) -> Counts:
    """A function that tells whether a child row counts."""
    tests = [compile_filter(children, name.rpartition(".")[2], operation, text) for name, operation, text in filters]
    return lambda row: all(test(row) for test in tests)


def compile_filter(children: RecordTable, name: str, operation: str, text: str) -> Counts:
    """One filter item as a function of a row."""
    f = children.type.find_field(name)
    test = TESTS.get(operation)
    if f is None or test is None:
        raise Unsupported("records.summary-filters", f"the filter {name} {operation}")
    read, wanted = children.reader(name), _wanted(f, text)
    return lambda row: test(read(row), wanted)


def _wanted(f: Field, text: str) -> list[Value]:
    parts = [part.strip() for part in text.split(",")] if text else [""]
    coerce = compile_coercer(f, text=True)
    return [coerce(part) if part else None for part in parts]


def _fold(value: Value) -> Value:
    return value.lower() if isinstance(value, str) else value
