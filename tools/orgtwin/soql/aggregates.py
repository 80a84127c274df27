"""GROUP BY, ROLLUP, CUBE, aggregate functions, HAVING.

Rows become groups; a group is a Row again: first the keys, then the aggregates, so that HAVING and ORDER BY read it like any row.
Source: "GROUP BY", "Aggregate Functions", "GROUP BY ROLLUP", "GROUPING()" (SOQL and SOSL Reference).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations
from typing import Protocol, cast

from orgtwin.errors import SalesforceError
from orgtwin.records.model import Row, Value
from orgtwin.schema.model import FieldType
from orgtwin.soql.columns import Names
from orgtwin.soql.conditions import LONGEST_FILTERABLE, Values
from orgtwin.soql.errors import refusal
from orgtwin.soql.execution import Execution, Reader
from orgtwin.soql.operands import AGGREGATES, WRAPPERS, Operand, operand_of, wrapped
from orgtwin.soql.tree import Call, Expression, Grouping, Name, Query, Selected


class SupportsOrder(Protocol):
    def __lt__(self, other: object, /) -> bool: ...


_NUMBERS = frozenset({FieldType.INT, FieldType.DOUBLE, FieldType.CURRENCY, FieldType.PERCENT})
_NOT_GROUPABLE = frozenset(
    {
        FieldType.DOUBLE,
        FieldType.CURRENCY,
        FieldType.PERCENT,
        FieldType.DATETIME,
        FieldType.MULTIPICKLIST,
        FieldType.ADDRESS,
        FieldType.LOCATION,
        FieldType.BASE64,
        FieldType.ENCRYPTED_STRING,
    }
)
_NOT_AGGREGATED = frozenset(
    {
        FieldType.ADDRESS,
        FieldType.ANY_TYPE,
        FieldType.BASE64,
        FieldType.BOOLEAN,
        FieldType.COMPLEX_VALUE,
        FieldType.ENCRYPTED_STRING,
        FieldType.LOCATION,
        FieldType.MULTIPICKLIST,
        FieldType.TIME,
    }
)
"""Source: "Support for Field Types in Aggregate Functions" (SOQL and SOSL Reference); long and rich text areas belong here, too."""
_MOST_ROLLUP_KEYS = 3


def _sum(values: list[Value]) -> Value:
    return sum((_decimal(value) for value in values), Decimal(0)) if values else None


def _average(values: list[Value]) -> Value:
    total = _sum(values)
    return total / len(values) if isinstance(total, Decimal) else None


def _decimal(value: Value) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(str(value))


def _least(values: list[Value]) -> Value:
    return min(values, key=_sort_value) if values else None


def _greatest(values: list[Value]) -> Value:
    return max(values, key=_sort_value) if values else None


def _comparable(value: Value) -> Value:
    return value.lower() if isinstance(value, str) else value


def _sort_value(value: Value) -> SupportsOrder:
    """One column has one type, and every type but null is ordered."""
    return cast("SupportsOrder", _comparable(value))


_COMPUTE: dict[str, Callable[[list[Value]], Value]] = {
    "count": len,
    "count_distinct": lambda values: len({_comparable(value) for value in values}),
    "sum": _sum,
    "avg": _average,
    "min": _least,
    "max": _greatest,
}


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One aggregate over the non-null values of `operand`; without one, COUNT() of the group's rows or GROUPING of a key."""

    name: str
    operand: Operand | None = None
    key_slot: int | None = None


class Groups:
    """The groups of one query: what they are keyed by and what is computed of them. A Scope for HAVING and ORDER BY."""

    def __init__(self, names: Names, grouping: Grouping | None, subquery: Callable[[Query, Operand], Values]) -> None:
        self.text = names.text
        self.mode = grouping.mode if grouping is not None else ""
        self._names = names
        self._subquery = subquery
        self._keys: list[Operand] = []
        self._key_slots: dict[str, int] = {}
        self._aggregates: list[Aggregate] = []
        self._aggregate_slots: dict[str, int] = {}
        for expression in grouping.expressions if grouping is not None else ():
            self._add_key(expression)
        if self.mode and len(self._keys) > _MOST_ROLLUP_KEYS:
            position = grouping.expressions[0].position if grouping is not None else 0
            reason = f"GROUP BY {self.mode} takes at most {_MOST_ROLLUP_KEYS} fields"
            raise refusal("MALFORMED_QUERY", reason, self.text, position)

    @property
    def is_grouped(self) -> bool:
        return bool(self._keys)

    def _add_key(self, expression: Expression) -> None:
        operand = operand_of(self._names, expression)
        field = operand.field
        if field is not None and (
            operand.type in _NOT_GROUPABLE
            or field.auto_number
            or (operand.type is FieldType.TEXTAREA and field.length > LONGEST_FILTERABLE)
        ):
            reason = f"field '{field.api_name}' can not be grouped in a query call"
            raise refusal("MALFORMED_QUERY", reason, self.text, expression.position)
        self._key_slots[self._normal(expression)] = len(self._keys)
        self._keys.append(operand)

    def _normal(self, expression: Expression) -> str:
        """The same text for the same expression, however it is written."""
        if isinstance(expression, Name):
            return self._names.column(expression).text.lower()
        inner = ",".join(self._normal(argument) for argument in expression.arguments)
        return f"{expression.name.lower()}({inner})"

    def operand(self, expression: Expression) -> Operand:
        return self.require(expression, "Field must be grouped or aggregated")

    def require(self, expression: Expression, complaint: str) -> Operand:
        """The operand of a key or an aggregate; anything else is refused with the complaint."""
        if isinstance(expression, Call) and expression.name.lower() in AGGREGATES:
            return self._aggregate_operand(expression)
        slot = self._key_slots.get(self._normal(expression))
        if slot is None and isinstance(expression, Call) and _wraps(expression):
            return wrapped(expression, self.require(expression.arguments[0], complaint))
        if slot is None:
            raise self._complain(f"{complaint}: {_last(expression)}", expression)
        key = self._keys[slot]
        return Operand(key.type, key.label, expression.position, lambda _execution: _slot_reader(slot), key.field)

    def subquery(self, query: Query, left: Operand) -> Values:
        return self._subquery(query, left)

    def _complain(self, reason: str, expression: Expression) -> SalesforceError:
        return refusal("MALFORMED_QUERY", reason, self.text, expression.position)

    def _aggregate_operand(self, call: Call) -> Operand:
        normal = self._normal(call)
        place = self._aggregate_slots.get(normal)
        if place is None:
            place = self._aggregate_slots[normal] = len(self._aggregates)
            self._aggregates.append(self._aggregate(call))
        aggregate = self._aggregates[place]
        slot = len(self._keys) + place
        kind = _result_type(aggregate)
        field = aggregate.operand.field if aggregate.operand is not None and kind is not FieldType.INT else None
        return Operand(kind, call.text, call.position, lambda _execution: _slot_reader(slot), field)

    def _aggregate(self, call: Call) -> Aggregate:
        name = call.name.lower()
        if name == "count" and not call.arguments:
            return Aggregate(name)
        if len(call.arguments) != 1:
            raise self._complain(f"unexpected number of arguments of {call.name.upper()}", call)
        if name == "grouping":
            return self._grouping_flag(call)
        operand = operand_of(self._names, call.arguments[0])
        numeric_only = name in ("sum", "avg")
        if (numeric_only and operand.type not in _NUMBERS) or not _takes_aggregates(operand):
            raise self._complain(f"field {operand.label} does not support aggregate operator {name.upper()}", call)
        if self._normal(call.arguments[0]) in self._key_slots and name != "count_distinct" and operand.label == "Id":
            raise self._complain(f"Grouped field should not be aggregated: {operand.label}", call)
        return Aggregate(name, operand)

    def _grouping_flag(self, call: Call) -> Aggregate:
        slot = self._key_slots.get(self._normal(call.arguments[0]))
        if slot is None or not self.mode:
            raise self._complain(
                f"GROUPING requires a field of GROUP BY ROLLUP or CUBE: {_last(call.arguments[0])}", call
            )
        return Aggregate("grouping", key_slot=slot)

    def form(self, execution: Execution, rows: Sequence[Row]) -> list[Row]:
        """The groups of some rows, in order of first appearance; subtotals after the groups they total."""
        readers = [key.bind(execution) for key in self._keys]
        computes = [self._bind_aggregate(execution, aggregate) for aggregate in self._aggregates]
        groups: list[Row] = []
        for present in self._grouping_sets():
            members: dict[tuple[Value, ...], list[Row]] = {} if self._keys and present else {(): []}
            for row in rows:
                key = tuple(readers[slot](row) for slot in present)
                members.setdefault(key, []).append(row)
            if not rows and self._keys:
                members = {}
            groups += [self._group(present, key, inside, computes) for key, inside in members.items()]
        return groups

    def _grouping_sets(self) -> Iterable[tuple[int, ...]]:
        """Which keys count, per set: all of them; with ROLLUP each prefix; with CUBE each subset."""
        slots = tuple(range(len(self._keys)))
        if self.mode == "ROLLUP":
            return [slots[:length] for length in range(len(slots), -1, -1)]
        if self.mode == "CUBE":
            return [chosen for length in range(len(slots), -1, -1) for chosen in combinations(slots, length)]
        return [slots]

    def _group(
        self,
        present: tuple[int, ...],
        key: tuple[Value, ...],
        inside: list[Row],
        computes: list[Callable[[list[Row], tuple[int, ...]], Value]],
    ) -> Row:
        by_slot = dict(zip(present, key, strict=True))
        keys = [by_slot.get(slot) for slot in range(len(self._keys))]
        return Row([*keys, *(compute(inside, present) for compute in computes)])

    def _bind_aggregate(
        self, execution: Execution, aggregate: Aggregate
    ) -> Callable[[list[Row], tuple[int, ...]], Value]:
        slot = aggregate.key_slot
        if slot is not None:
            return lambda _inside, present: 0 if slot in present else 1
        if aggregate.operand is None:
            return lambda inside, _present: len(inside)
        read, compute = aggregate.operand.bind(execution), _COMPUTE[aggregate.name]
        return lambda inside, _present: compute([value for row in inside if (value := read(row)) is not None])


def _slot_reader(slot: int) -> Reader:
    return lambda row: row[slot]


def _result_type(aggregate: Aggregate) -> FieldType:
    if aggregate.operand is None or aggregate.name in ("count", "count_distinct"):
        return FieldType.INT
    return aggregate.operand.type if aggregate.name in ("min", "max") else FieldType.DOUBLE


def _takes_aggregates(operand: Operand) -> bool:
    field = operand.field
    is_long = operand.type is FieldType.TEXTAREA and field is not None and field.length > LONGEST_FILTERABLE
    return operand.type not in _NOT_AGGREGATED and not is_long


def _wraps(call: Call) -> bool:
    return call.name.lower() in WRAPPERS and len(call.arguments) == 1


def _aggregates(expression: Expression) -> bool:
    if not isinstance(expression, Call):
        return False
    return expression.name.lower() in AGGREGATES or (_wraps(expression) and _aggregates(expression.arguments[0]))


def _last(expression: Expression) -> str:
    return expression.parts[-1] if isinstance(expression, Name) else expression.text


def has_aggregates(query: Query) -> bool:
    """Whether the query answers groups rather than records."""
    selected = (item.expression for item in query.select if isinstance(item, Selected))
    return (
        query.group_by is not None
        or query.having is not None
        or any(_aggregates(expression) for expression in selected)
    )
