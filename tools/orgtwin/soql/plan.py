"""A query understood against a schema: everything that does not depend on the run."""

from __future__ import annotations

from dataclasses import dataclass

from orgtwin.schema.model import Field, SObjectType
from orgtwin.soql.aggregates import Groups
from orgtwin.soql.columns import Uses
from orgtwin.soql.conditions import Filter
from orgtwin.soql.operands import Operand
from orgtwin.soql.ordering import SortKey
from orgtwin.soql.selection import Shape
from orgtwin.soql.tree import Literal, Query


@dataclass(frozen=True, slots=True)
class GroupedAnswer:
    """An aggregate query: the groups, the test of HAVING, and what each group shows under which key."""

    groups: Groups
    having: Filter | None
    cells: tuple[tuple[str, Operand], ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """`shape` for records, `grouped` for aggregates, neither for SELECT COUNT()."""

    text: str
    query: Query
    root: SObjectType
    uses: Uses
    where: Filter | None
    order: tuple[SortKey, ...]
    limit: Literal | None
    offset: Literal | None
    shape: Shape | None = None
    grouped: GroupedAnswer | None = None
    owner_field: Field | None = None  # USING SCOPE mine: rows whose owner is the caller
