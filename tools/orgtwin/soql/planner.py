"""Tree to plan: resolves every name, checks every clause, builds shapes and filters.

Source: "SOQL SELECT Syntax" and the pages of its clauses (SOQL and SOSL Reference); refusals in the org's words.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from orgtwin.errors import SalesforceError, Unsupported
from orgtwin.records.model import Row, Value
from orgtwin.schema.model import Field
from orgtwin.soql.aggregates import Groups, has_aggregates
from orgtwin.soql.catalog import Catalog
from orgtwin.soql.columns import Names, Uses
from orgtwin.soql.conditions import Filter, Values, compile_condition
from orgtwin.soql.errors import refusal
from orgtwin.soql.execution import Execution
from orgtwin.soql.fetching import fetch_children, fetch_rows
from orgtwin.soql.operands import AGGREGATES, Operand, operand_of
from orgtwin.soql.ordering import SortKey, require_sortable
from orgtwin.soql.plan import GroupedAnswer, Plan
from orgtwin.soql.rows import Cell
from orgtwin.soql.selection import Shape, add_column, add_selected, add_type_of
from orgtwin.soql.semi_joins import pick_inner, require_outer, require_places
from orgtwin.soql.tree import (
    Call,
    ChildQuery,
    Expression,
    Fields,
    Kind,
    Name,
    Query,
    Selected,
    TypeOf,
)

MAXIMUM_OFFSET = 2000
_MOST_ROWS_OF_FIELDS = 200

Readable = Callable[[str], frozenset[str] | None]  # lower-case API names; None: all of them


def plan_query(catalog: Catalog, text: str, query: Query, readable: Readable) -> Plan:
    """The plan of a whole query. Raises SalesforceError."""
    uses = Uses()
    names = Names.of_query(catalog, text, query.sources, uses)
    return _Planner(names, readable).plan(query)


@dataclass(slots=True)
class _RowScope:
    """Names of a WHERE clause: rows of the query's object."""

    names: Names
    readable: Readable
    inside_semi_join: bool = False

    @property
    def text(self) -> str:
        return self.names.text

    def operand(self, expression: Expression) -> Operand:
        if isinstance(expression, Call) and expression.name.lower() in AGGREGATES:
            raise refusal(
                "MALFORMED_QUERY",
                "aggregate expressions are allowed in HAVING only",
                self.text,
                expression.position,
            )
        return operand_of(self.names, expression)

    def subquery(self, query: Query, left: Operand) -> Values:
        if self.inside_semi_join:
            reason = "Nesting of semi join sub-selects is not supported"
            raise refusal("MALFORMED_QUERY", reason, self.text, query.position)
        return plan_semi_join(self.names, query, left, self.readable)


class _Planner:
    def __init__(self, names: Names, readable: Readable) -> None:
        self._names = names
        self._readable = readable

    def plan(self, query: Query) -> Plan:
        names = self._names
        scope = _RowScope(names, self._readable)
        if query.where is not None:
            require_places(names.text, query.where)
        where = compile_condition(scope, query.where) if query.where is not None else None
        shape: Shape | None = None
        grouped: GroupedAnswer | None = None
        if query.counts_only and (query.group_by is not None or query.having is not None):
            # ASSUMED: the wording.
            raise refusal("MALFORMED_QUERY", "COUNT() cannot be grouped", names.text, query.position)
        if has_aggregates(query):
            grouped, order = self._grouped(query)
        else:
            shape = None if query.counts_only else self._shape(query)
            order = self._order(query)
        self._check_counts(query)
        return Plan(
            names.text,
            query,
            names.root,
            names.uses,
            where,
            order,
            query.limit,
            query.offset,
            shape,
            grouped,
            self._owner_field(query),
        )

    def _shape(self, query: Query) -> Shape:
        shape = Shape(self._names.root)
        self._require_no_function_beside_type_of(query)
        for item in query.select:
            match item:
                case Selected():
                    add_selected(self._names, shape, item)
                case TypeOf():
                    add_type_of(self._names, shape, item)
                case Fields():
                    self._add_fields(shape, query, item)
                case ChildQuery():
                    self._add_children(shape, item.query)
        return shape

    def _require_no_function_beside_type_of(self, query: Query) -> None:
        """ "TYPEOF can't be used in queries with functions in the SELECT clause" ("TYPEOF"); ASSUMED text."""
        type_of = next((item for item in query.select if isinstance(item, TypeOf)), None)
        if type_of is not None and any(
            isinstance(i, Selected) and isinstance(i.expression, Call) for i in query.select
        ):
            reason = "TYPEOF cannot be used with functions in the SELECT clause"
            raise refusal("MALFORMED_QUERY", reason, self._names.text, type_of.position)

    def _add_fields(self, shape: Shape, query: Query, item: Fields) -> None:
        """FIELDS(): the fields this caller may read; ALL and CUSTOM only under a LIMIT of at most 200."""
        limit = query.limit.value if query.limit is not None else None
        if item.which != "STANDARD" and (limit is None or int(str(limit)) > _MOST_ROWS_OF_FIELDS):
            raise SalesforceError(
                "MALFORMED_QUERY", f"The SOQL FIELDS function must have a LIMIT of at most {_MOST_ROWS_OF_FIELDS}"
            )
        root = self._names.root
        readable = self._readable(root.api_name)
        for field in root.fields:
            chosen = item.which == "ALL" or field.custom is (item.which == "CUSTOM")
            if chosen and (readable is None or field.api_name.lower() in readable):
                add_column(self._names, shape, Name((field.api_name,), item.position))

    def _add_children(self, shape: Shape, query: Query) -> None:
        if has_aggregates(query) or query.counts_only:
            first = query.select[0] if query.select else None
            position = first.expression.position if isinstance(first, Selected) else query.position
            reason = "Only root queries support aggregate expressions"
            raise refusal("MALFORMED_QUERY", reason, self._names.text, position)
        source = query.sources[0]
        child_type, reference = self._names.children(source)
        inner = _Planner(Names.of_children(self._names, child_type, source), self._readable)
        plan = inner.plan(query)
        key = reference.child_relationship_name or source.path[-1]
        if not shape.add_cell(key, _children_cell(plan, reference, self._names.root.api_name)):
            raise refusal("MALFORMED_QUERY", f"duplicate field selected: {key}", self._names.text, source.position)
        if plan.shape is not None:
            shape.children[key] = plan.shape

    def _order(self, query: Query) -> tuple[SortKey, ...]:
        keys = []
        for order in query.order_by:
            operand = operand_of(self._names, order.expression)
            require_sortable(self._names.text, operand)
            keys.append(SortKey(operand, order.descending, order.nulls_last is True))
        return tuple(keys)

    def _grouped(self, query: Query) -> tuple[GroupedAnswer, tuple[SortKey, ...]]:
        groups = Groups(self._names, query.group_by, self._no_semi_join)
        cells = self._group_cells(query, groups)
        having = compile_condition(groups, query.having) if query.having is not None else None
        order = tuple(
            SortKey(
                groups.require(order.expression, "Ordered field must be grouped or aggregated"),
                order.descending,
                order.nulls_last is True,
            )
            for order in query.order_by
        )
        if query.limit is not None and not groups.is_grouped:
            raise SalesforceError(
                "MALFORMED_QUERY", "Non-grouped query that uses overall aggregate functions cannot also use LIMIT"
            )
        return GroupedAnswer(groups, having, cells), order

    def _no_semi_join(self, query: Query, _left: Operand) -> Values:
        reason = "Semi join sub-selects are not supported in HAVING"
        raise refusal("MALFORMED_QUERY", reason, self._names.text, query.position)

    def _group_cells(self, query: Query, groups: Groups) -> tuple[tuple[str, Operand], ...]:
        cells: dict[str, Operand] = {}
        unnamed = 0
        for item in query.select:
            if not isinstance(item, Selected):
                raise refusal(
                    "MALFORMED_QUERY", "an aggregate query takes fields and functions only", groups.text, query.position
                )
            expression = item.expression
            operand = groups.operand(expression)
            key = item.alias
            if key is None and isinstance(expression, Name):
                key = operand.label
            elif key is None:
                key, unnamed = f"expr{unnamed}", unnamed + 1
            if key in cells:
                raise refusal("MALFORMED_QUERY", f"duplicate alias: {key}", groups.text, expression.position)
            cells[key] = operand
        return tuple(cells.items())

    def _check_counts(self, query: Query) -> None:
        offset = query.offset
        if offset is not None and offset.kind is Kind.NUMBER and int(str(offset.value)) > MAXIMUM_OFFSET:
            raise SalesforceError("NUMBER_OUTSIDE_VALID_RANGE", f"Maximum SOQL offset allowed is {MAXIMUM_OFFSET}")

    def _owner_field(self, query: Query) -> Field | None:
        if query.scope is None or query.scope.lower() == "everything":
            return None
        if query.scope.lower() != "mine":
            raise Unsupported("soql.using_scope", f"USING SCOPE {query.scope}")
        return self._names.root.find_field("OwnerId")


def depends_on_caller(query: Query) -> bool:
    """Whether FIELDS() makes the plan another one for another caller."""
    return any(
        isinstance(item, Fields) or (isinstance(item, ChildQuery) and depends_on_caller(item.query))
        for item in query.select
    )


def _children_cell(plan: Plan, reference: Field, parent_type: str) -> Callable[[Execution], Callable[[Row], Cell]]:
    return lambda execution: fetch_children(execution, plan, reference, parent_type)


def plan_semi_join(names: Names, query: Query, left: Operand, readable: Readable) -> Values:
    """The ids that a sub-select gives to IN or NOT IN."""
    require_outer(names, left)
    inner = Names.of_query(names.catalog, names.text, query.sources, names.uses)
    picked = pick_inner(names, query, left, inner)
    scope = _RowScope(inner, readable, inside_semi_join=True)
    where: Filter | None = compile_condition(scope, query.where) if query.where is not None else None
    plan = Plan(names.text, query, inner.root, names.uses, where, (), None, None)

    def values(execution: Execution) -> tuple[Value, ...]:
        read = picked.bind(execution)
        found = dict.fromkeys(read(row) for row in fetch_rows(execution, plan))
        found.pop(None, None)
        return tuple(found)

    return values
