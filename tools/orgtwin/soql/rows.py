"""What a query gives back: plain data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from orgtwin.records.model import Row, Value

AGGREGATE_RESULT = "AggregateResult"


@dataclass(slots=True)
class ResultRow:
    """One record. `values` keeps the order of the SELECT list: fields by API name or alias, relatives by relationship name.

    A parent is a ResultRow or None, children are a list (empty, not None, when there are none), a compound address is a dict.
    Groups have sobject_type AggregateResult and no record_id. A polymorphic parent's attributes say Name: `shown_type`.
    """

    sobject_type: str
    record_id: str | None
    values: dict[str, Cell] = field(default_factory=dict)
    shown_type: str | None = None


Cell = Value | ResultRow | list[ResultRow] | dict[str, Value]

MakeRow = Callable[[Row], ResultRow]


@dataclass(slots=True)
class QueryResult:
    """A run's answer. Rows are made when asked for, so that a cursor over a million of them holds only their handles.

    `stored_in` names the object whose records were selected; it is empty for groups and for computed objects.
    """

    total_size: int
    selected: Sequence[Row]
    make: MakeRow
    text: str
    counts_only: bool = False
    for_modes: tuple[str, ...] = ()
    stored_in: str = ""

    @property
    def rows(self) -> list[ResultRow]:
        """All rows."""
        return [self.make(row) for row in self.selected]

    def slice(self, start: int, size: int) -> list[ResultRow]:
        """The rows of one batch."""
        return [self.make(row) for row in self.selected[start : start + size]]
