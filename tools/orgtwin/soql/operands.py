"""What may stand left of an operator, in GROUP BY or in ORDER BY: a column, or a function of one.

Source: "Date Functions", "FORMAT()", "toLabel()", "convertCurrency()" (SOQL and SOSL Reference). Date functions of a
date-time work in UTC unless its argument is convertTimezone(field).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo

from orgtwin.errors import SalesforceError
from orgtwin.records.model import Row, Value
from orgtwin.schema.model import Field, FieldType
from orgtwin.soql.columns import Column, Names
from orgtwin.soql.errors import refusal
from orgtwin.soql.execution import Execution, Reader
from orgtwin.soql.formats import formatted, label_of
from orgtwin.soql.tree import Call, Expression, Name

AGGREGATES = frozenset({"count", "count_distinct", "sum", "avg", "min", "max", "grouping"})

Convert = Callable[[Execution, Field | None], Callable[[Value], Value]]
WRAPPERS: dict[str, Convert] = {
    "tolabel": lambda _execution, field: label_of(field) if field is not None else _same,
    "format": lambda execution, field: _formatting(execution, field),
    "convertcurrency": lambda _execution, _field: _same,  # one currency: nothing to convert
}


def _formatting(execution: Execution, field: Field | None) -> Callable[[Value], Value]:
    execution.require_known_locale()
    zone = execution.zone
    return lambda value: formatted(value, field, zone)


def _same(value: Value) -> Value:
    return value


_DATE_PARTS: dict[str, Callable[[date], int]] = {
    "calendar_month": lambda day: day.month,
    "calendar_quarter": lambda day: (day.month + 2) // 3,
    "calendar_year": lambda day: day.year,
    "day_in_month": lambda day: day.day,
    "day_in_week": lambda day: day.isoweekday() % 7 + 1,
    "day_in_year": lambda day: day.timetuple().tm_yday,
    "fiscal_month": lambda day: day.month,
    "fiscal_quarter": lambda day: (day.month + 2) // 3,
    "fiscal_year": lambda day: day.year,
    "week_in_month": lambda day: (day.day + 6) // 7,
    "week_in_year": lambda day: (day.timetuple().tm_yday + 6) // 7,
}


@dataclass(frozen=True, slots=True)
class Operand:
    """`field` is the schema's where the operand is a plain column. `bind` makes its reader for one run.

    Ids of computed objects may be durable ids ("Account", "Account.Name"), which have no form to check: `durable_ids`.
    """

    type: FieldType
    label: str
    position: int
    bind: Callable[[Execution], Reader]
    field: Field | None = None
    column: Column | None = None
    durable_ids: bool = False


def operand_of(names: Names, expression: Expression) -> Operand:
    """The operand of a name or a date function. Raises INVALID_FIELD or MALFORMED_QUERY."""
    if isinstance(expression, Name):
        return _column_operand(names, expression)
    name = expression.name.lower()
    if name in WRAPPERS and len(expression.arguments) == 1:
        inner = operand_of(names, expression.arguments[0])
        return _labelled(inner) if name == "tolabel" else inner
    return _date_operand(names, expression)


def _column_operand(names: Names, name: Name) -> Operand:
    column = names.column(name)
    return Operand(
        column.field.type,
        column.field.api_name,
        name.position,
        lambda execution: execution.reader(column),
        column.field,
        column,
        names.catalog.is_virtual(column.owner.api_name),
    )


def _labelled(inner: Operand) -> Operand:
    """toLabel(picklist): compares and sorts by label."""
    if inner.field is None:
        return inner
    label = label_of(inner.field)

    def bind(execution: Execution) -> Reader:
        read = inner.bind(execution)
        return lambda row: label(read(row))

    return Operand(FieldType.STRING, inner.label, inner.position, bind)


def _date_operand(names: Names, call: Call) -> Operand:
    name = call.name.lower()
    if (name not in _DATE_PARTS and name not in ("day_only", "hour_in_day")) or len(call.arguments) != 1:
        raise unknown_function(names.text, call)
    inner, local = _timezone(names, call.arguments[0])
    if inner.type not in (FieldType.DATE, FieldType.DATETIME) or (
        name == "hour_in_day" and inner.type is FieldType.DATE
    ):
        reason = f"field '{inner.label}' can not be used with the function {call.name.upper()}"
        raise refusal("MALFORMED_QUERY", reason, names.text, call.position)
    apply = _applied(name)
    kind = FieldType.DATE if name == "day_only" else FieldType.INT

    def bind(execution: Execution) -> Reader:
        read = inner.bind(execution)
        zone = execution.zone if local else UTC

        def run(row: Row) -> Value:
            value = read(row)
            return apply(value, zone) if isinstance(value, date) else None

        return run

    return Operand(kind, call.name, call.position, bind)


def _timezone(names: Names, argument: Expression) -> tuple[Operand, bool]:
    if isinstance(argument, Call) and argument.name.lower() == "converttimezone" and len(argument.arguments) == 1:
        return operand_of(names, argument.arguments[0]), True
    return operand_of(names, argument), False


def _applied(name: str) -> Callable[[date, tzinfo], Value]:
    if name == "hour_in_day":
        return lambda value, zone: value.astimezone(zone).hour if isinstance(value, datetime) else None
    if name == "day_only":
        return _day
    part = _DATE_PARTS[name]
    return lambda value, zone: part(_day(value, zone))


def _day(value: date, zone: tzinfo) -> date:
    return value.astimezone(zone).date() if isinstance(value, datetime) else value


def unknown_function(text: str, call: Call) -> SalesforceError:
    # ASSUMED: the wording.
    if call.name.lower() in _DATE_PARTS:
        reason = f"The function {call.name.upper()} stands in GROUP BY and WHERE, and is selected only where it groups"
        return refusal("MALFORMED_QUERY", reason, text, call.position)
    return refusal("MALFORMED_QUERY", f"Unknown function '{call.name}'", text, call.position)


def wrapped(call: Call, inner: Operand) -> Operand:
    """toLabel(), FORMAT() or convertCurrency() of what a group tells."""
    convert, is_text = WRAPPERS[call.name.lower()], call.name.lower() == "format"

    def bind(execution: Execution) -> Reader:
        read, apply = inner.bind(execution), convert(execution, inner.field)
        return lambda row: apply(read(row))

    return Operand(FieldType.STRING if is_text else inner.type, inner.label, call.position, bind, inner.field)
