"""From a literal or a bind to the value an operand is compared with.

Source: "Condition Expression Syntax" and "Valid Values" of each type (SOQL and SOSL Reference); the refusals are the org's texts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import TypeGuard

from orgtwin import ids
from orgtwin.errors import SalesforceError
from orgtwin.records.model import Value
from orgtwin.schema.model import FieldType
from orgtwin.soql.dates import days_of, midnight
from orgtwin.soql.errors import refusal
from orgtwin.soql.execution import Execution
from orgtwin.soql.operands import Operand
from orgtwin.soql.tree import Kind, Literal

_NUMBERS = frozenset({FieldType.INT, FieldType.DOUBLE, FieldType.CURRENCY, FieldType.PERCENT})
_IDS = frozenset({FieldType.ID, FieldType.REFERENCE})
_UNQUOTED = _NUMBERS | {FieldType.BOOLEAN, FieldType.DATE, FieldType.DATETIME, FieldType.TIME}
_SPOKEN_TYPES = {FieldType.DATETIME: "dateTime", FieldType.CURRENCY: "double", FieldType.PERCENT: "double"}

_TAKES: dict[FieldType, frozenset[Kind]] = {
    FieldType.BOOLEAN: frozenset({Kind.BOOLEAN}),
    FieldType.DATE: frozenset({Kind.DATE, Kind.DATE_NAME}),
    FieldType.DATETIME: frozenset({Kind.DATETIME, Kind.DATE_NAME}),
    FieldType.TIME: frozenset({Kind.TIME}),
    **{kind: frozenset({Kind.NUMBER, Kind.CURRENCY}) for kind in _NUMBERS},
}
_TEXT = frozenset({Kind.STRING})
_STORED: dict[FieldType, type[bool] | type[date] | type[time]] = {
    FieldType.BOOLEAN: bool,
    FieldType.DATE: date,
    FieldType.TIME: time,
}


@dataclass(frozen=True, slots=True)
class Span:
    """What a date literal names: from the first moment to before the last."""

    start: date
    end: date


Comparand = Value | Span
Getter = Callable[[Execution], Comparand]


def getter(text: str, operand: Operand, literal: Literal) -> Getter:
    """How to get the value at run time. Raises INVALID_FIELD for a literal of the wrong kind."""
    if literal.kind is Kind.NULL:
        return lambda _execution: None
    if literal.kind is Kind.BIND:
        return lambda execution: coerce_bound(text, operand, bound(execution, literal), literal.position)
    if literal.kind not in _TAKES.get(operand.type, _TEXT):
        raise wrong_kind(text, operand, literal.position)
    if literal.kind is Kind.DATE_NAME:
        return _span_getter(operand.type, literal)
    value = coerce(text, operand, literal.value, literal.position)
    return lambda _execution: value


def wrong_kind(text: str, operand: Operand, position: int) -> SalesforceError:
    quoted = "should not be enclosed in quotes" if operand.type in _UNQUOTED else "should be enclosed in quotes"
    kind = "string" if operand.type not in _UNQUOTED else _SPOKEN_TYPES.get(operand.type, operand.type.value)
    if operand.type in _IDS:
        kind = "ID"
    reason = f"value of filter criterion for field '{operand.label}' must be of type {kind} and {quoted}"
    return refusal("INVALID_FIELD", reason, text, operand.position)


def bound(execution: Execution, literal: Literal) -> object:
    """The value a bind stands for. Raises MALFORMED_QUERY for a name that nothing is bound to."""
    wanted = literal.text.lower()
    for name, value in execution.binds.items():
        if name.lower() == wanted:
            return value
    raise refusal("MALFORMED_QUERY", f"Variable does not exist: {literal.text}", execution.text, literal.position)


def bound_values(execution: Execution, literal: Literal) -> list[object]:
    """A bind as a list: the elements of a collection, or the one value."""
    value = bound(execution, literal)
    return list(value) if is_collection(value) else [value]


def is_collection(value: object) -> TypeGuard[Iterable[object]]:
    """Is a bound value several?"""
    return isinstance(value, Iterable) and not isinstance(value, str | bytes)


def _span_getter(kind: FieldType, literal: Literal) -> Getter:
    name, number = literal.text, int(literal.value) if isinstance(literal.value, int) else 0

    def days(execution: Execution) -> Span:
        start, end = days_of(name, number, execution.today)
        if kind is FieldType.DATE:
            return Span(start, end)
        return Span(_instant(start, execution), _instant(end, execution))

    return days


def _instant(day: date, execution: Execution) -> datetime:
    """Midnight of a day; the ends of the calendar stand for beyond."""
    try:
        return midnight(day, execution.zone)
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC) if day.year < 2 else datetime.max.replace(tzinfo=UTC)


def coerce_bound(text: str, operand: Operand, value: object, position: int) -> Value:
    """A bind's value. ASSUMED, from public tests that orgs run: a text that is no id finds nothing and is not refused."""
    if operand.type in _IDS and isinstance(value, str) and ids.find_id18(value) is None:
        return value or None
    return coerce(text, operand, value, position)


def coerce(text: str, operand: Operand, value: object, position: int) -> Value:
    """A literal's or a bind's value in the form the operand's field stores."""
    kind = operand.type
    if value is None or value == "":
        return None
    if kind in _IDS:
        return _durable_id(value) if operand.durable_ids else _record_id(text, value, position)
    if kind in _NUMBERS:
        return _number(text, operand, value)
    if kind is FieldType.DATETIME:
        return _moment(text, operand, value)
    if kind is FieldType.DATE and isinstance(value, datetime):
        return value.date()
    expected = _STORED.get(kind, str)
    if isinstance(value, expected):
        return value
    raise wrong_kind(text, operand, position)


def _moment(text: str, operand: Operand, value: object) -> datetime:
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    raise wrong_kind(text, operand, operand.position)


def _record_id(text: str, value: object, position: int) -> str:
    found = ids.find_id18(str(value))
    if found is None:
        raise refusal("INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {value}", text, position)
    return found


def _durable_id(value: object) -> str:
    """A record id in its long form; the name of an object or field (ContentDocument has 15 letters, too) as it is."""
    name = str(value)
    return (ids.find_id18(name) or name) if any(char.isdigit() for char in name) else name


def _number(text: str, operand: Operand, value: object) -> Value:
    if isinstance(value, bool) or not isinstance(value, int | Decimal | float):
        raise wrong_kind(text, operand, operand.position)
    return Decimal(str(value)) if isinstance(value, float) else value
