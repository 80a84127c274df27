"""ORDER BY. Text sorts without case, picklists in the order of their values, nulls first unless told otherwise.

Source: "ORDER BY" (SOQL and SOSL Reference).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from orgtwin.records.model import Row, Value
from orgtwin.schema.model import FieldType
from orgtwin.soql.conditions import LONGEST_FILTERABLE
from orgtwin.soql.errors import refusal
from orgtwin.soql.execution import Execution
from orgtwin.soql.operands import Operand

_NOT_SORTABLE = frozenset(
    {FieldType.BASE64, FieldType.ADDRESS, FieldType.LOCATION, FieldType.COMPLEX_VALUE, FieldType.MULTIPICKLIST}
)


@dataclass(frozen=True, slots=True)
class SortKey:
    operand: Operand
    descending: bool
    nulls_last: bool


def require_sortable(text: str, operand: Operand) -> None:
    field = operand.field
    too_long = operand.type is FieldType.TEXTAREA and field is not None and field.length > LONGEST_FILTERABLE
    if operand.type in _NOT_SORTABLE or too_long:
        reason = f"field '{operand.label}' can not be sorted in a query call"
        raise refusal("MALFORMED_QUERY", reason, text, operand.position)


def sorted_rows(execution: Execution, rows: Iterable[Row], keys: tuple[SortKey, ...]) -> list[Row]:
    """Stable: rows equal in every key stay as they were."""
    ordered = list(rows)
    for key in reversed(keys):
        ordered.sort(key=_sort_value(execution, key), reverse=key.descending)
    return ordered


def _sort_value(execution: Execution, key: SortKey) -> Callable[[Row], tuple[bool, object]]:
    read = key.operand.bind(execution)
    rank = _rank(key.operand)
    # The flag comes first; under reverse=True the greater flag leads.
    null_flag = key.nulls_last is not key.descending

    def value_of(row: Row) -> tuple[bool, object]:
        value = read(row)
        return (null_flag, 0) if value is None else (not null_flag, rank(value))

    return value_of


def _rank(operand: Operand) -> Callable[[Value], object]:
    if operand.type is FieldType.PICKLIST and operand.field is not None and operand.field.picklist:
        places = {value.value: place for place, value in enumerate(operand.field.picklist)}
        last = len(places)
        return lambda value: (places.get(str(value), last), str(value).lower())
    if operand.type in (FieldType.ID, FieldType.REFERENCE):
        return lambda value: value
    return lambda value: value.lower() if isinstance(value, str) else value
