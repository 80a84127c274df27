"""What the children of each parent come to: kept as rows come, change and go, so that no batch looks at the other children again.

A Summary follows a child table as an index does, undone writes included. Only the smallest or greatest value is looked for again,
and only where the last row that had it went. Source: "Roll-Up Summary Field" (Salesforce Help): COUNT, SUM, MIN, MAX.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from orgtwin.records.model import Row, Value
from orgtwin.records.summary_filters import compile_filters
from orgtwin.records.table import RecordTable
from orgtwin.schema.model import Field

Number = int | Decimal | date | datetime


@dataclass(frozen=True, slots=True)
class SummaryField:
    """A roll-up field, taken apart."""

    parent_type: str
    child_type: str
    field: Field
    foreign_key: str
    operation: str
    child_field: str | None

    @property
    def key(self) -> str:
        """Under which name it follows the child table."""
        return f"{self.parent_type}.{self.field.api_name}"


class Total(Protocol):
    """What the children of one parent come to."""

    def add(self, value: Value) -> None: ...

    def remove(self, value: Value) -> None: ...

    def value(self, left: Callable[[], list[Value]]) -> Value:
        """`left` gives the values of all children that count."""


class _Count:
    __slots__ = ("_number",)

    def __init__(self) -> None:
        self._number = 0

    def add(self, _value: Value) -> None:
        self._number += 1

    def remove(self, _value: Value) -> None:
        self._number -= 1

    def value(self, _left: Callable[[], list[Value]]) -> Value:
        return Decimal(self._number)


class _Any(_Count):
    def value(self, _left: Callable[[], list[Value]]) -> Value:
        return self._number > 0


class _Sum:
    __slots__ = ("_sum",)

    def __init__(self) -> None:
        self._sum = Decimal(0)

    def add(self, value: Value) -> None:
        if value is not None:
            self._sum += Decimal(str(value))

    def remove(self, value: Value) -> None:
        if value is not None:
            self._sum -= Decimal(str(value))

    def value(self, _left: Callable[[], list[Value]]) -> Value:
        return self._sum


class _SumOfSome(_Sum):
    """None where there are no rows."""

    __slots__ = ("_rows",)

    def __init__(self) -> None:
        super().__init__()
        self._rows = 0

    def add(self, value: Value) -> None:
        super().add(value)
        self._rows += 1

    def remove(self, value: Value) -> None:
        super().remove(value)
        self._rows -= 1

    def value(self, _left: Callable[[], list[Value]]) -> Value:
        return self._sum if self._rows else None


class _Extreme:
    """The smallest or greatest value and how many rows have it; none have it when it is to be looked for again."""

    __slots__ = ("_best", "_holders", "_is_better", "_rows")

    def __init__(self, is_better: Callable[[Number, Number], bool]) -> None:
        self._is_better = is_better
        self._best: Number | None = None
        self._holders = 0
        self._rows = 0  # that have a value

    def add(self, value: Value) -> None:
        if not isinstance(value, Number):
            return
        self._rows += 1
        if self._best is None:
            if self._rows == 1:
                self._best, self._holders = value, 1
        elif value == self._best:
            self._holders += 1
        elif self._is_better(value, self._best):
            self._best, self._holders = value, 1

    def remove(self, value: Value) -> None:
        if not isinstance(value, Number):
            return
        self._rows -= 1
        if value == self._best:
            self._holders -= 1
            if not self._holders:
                self._best = None

    def value(self, left: Callable[[], list[Value]]) -> Value:
        if self._best is None and self._rows:
            self._rows = 0
            for value in left():
                self.add(value)
        return self._best


_TOTALS: Mapping[str, Callable[[], Total]] = {
    "count": _Count,
    "any": _Any,
    "sum": _Sum,
    "sum of some": _SumOfSome,
    "min": lambda: _Extreme(lambda one, other: one < other),  # type: ignore[operator]
    "max": lambda: _Extreme(lambda one, other: one > other),  # type: ignore[operator]
}


class Summary:
    """One roll-up field over the rows of its child table. What it sums up rests on the row alone, as the platform demands."""

    def __init__(self, children: RecordTable, summary: SummaryField) -> None:
        self._children = children
        self._foreign_key = summary.foreign_key
        self._parent_of = children.reader(summary.foreign_key)
        self._counts = compile_filters(children, summary.field.summary_filters)
        self._read = children.reader(summary.child_field or "Id")
        self._new_total = _TOTALS[summary.operation]
        self._totals: dict[Value, Total] = {}

    def add_all(self, rows: Sequence[Row]) -> None:
        for row in rows:
            self.add(row)

    def add(self, row: Row) -> None:
        if self._counts(row):
            parent_id = self._parent_of(row)
            total = self._totals.get(parent_id)
            if total is None:
                total = self._totals[parent_id] = self._new_total()
            total.add(self._read(row))

    def remove(self, row: Row) -> None:
        if self._counts(row):
            self._totals[self._parent_of(row)].remove(self._read(row))

    def moves(self, row: Row, content: Row) -> bool:
        return self._image(row) != self._image(content)

    def _image(self, row: Row) -> tuple[bool, Value, Value]:
        return self._counts(row), self._parent_of(row), self._read(row)

    def value(self, parent_id: str) -> Value:
        """What the roll-up field of a parent says."""
        total = self._totals.get(parent_id) or self._new_total()

        def left() -> list[Value]:
            children = self._children.find(self._foreign_key, parent_id)
            return [self._read(row) for row in children if self._counts(row)]

        return total.value(left)
