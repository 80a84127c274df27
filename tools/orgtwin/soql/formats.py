"""FORMAT() and toLabel(): values as the user interface of an en_US user shows them.

Source: "FORMAT()", "Translating Results" (SOQL and SOSL Reference). Other locales are refused by name. ASSUMED:
every currency is USD.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, tzinfo
from decimal import ROUND_HALF_UP, Decimal

from orgtwin.records.model import Value
from orgtwin.schema.model import Field, FieldType


def label_of(field: Field) -> Callable[[Value], Value]:
    """Picklist values become their labels; anything else stays."""
    labels = {value.value: value.label for value in field.picklist}
    if field.type is FieldType.MULTIPICKLIST:
        return lambda value: (
            ";".join(labels.get(each, each) for each in value.split(";")) if isinstance(value, str) else value
        )
    return lambda value: labels.get(value, value) if isinstance(value, str) else value


def formatted(value: Value, field: Field | None, zone: tzinfo) -> Value:
    """A number with its scale and thousands, a date as 11/21/2026, a date-time as 11/21/2026, 9:30 AM in the user's zone."""
    if isinstance(value, datetime):
        local = value.astimezone(zone)
        return f"{_date(local)}, {_time(local.time())}"
    if isinstance(value, date):
        return _date(value)
    if isinstance(value, time):
        return _time(value)
    if isinstance(value, Decimal | int) and not isinstance(value, bool):
        return _number(Decimal(value), field)
    return value


def _date(value: date) -> str:
    return f"{value.month}/{value.day}/{value.year}"


def _time(value: time) -> str:
    return f"{value.hour % 12 or 12}:{value.minute:02d} {'AM' if value.hour < 12 else 'PM'}"


def _number(value: Decimal, field: Field | None) -> str:
    scale = field.scale if field is not None else max(0, -int(value.as_tuple().exponent or 0))
    rounded = value.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP)
    kind = field.type if field is not None else FieldType.DOUBLE
    if kind is FieldType.CURRENCY:
        return f"-${-rounded:,f}" if rounded < 0 else f"${rounded:,f}"
    return f"{rounded:,f}%" if kind is FieldType.PERCENT else f"{rounded:,f}"
