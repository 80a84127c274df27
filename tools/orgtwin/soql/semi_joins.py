"""`Id IN (SELECT AccountId FROM Contact ...)`: where a sub-select may stand and what it may be.

Source: "Considerations for Semi-Join and Anti-Join Queries" under "Comparison Operators" (SOQL and SOSL Reference); texts as pasted
by users of orgs. ASSUMED: the texts for NOT, relationships, clauses and the form of the SELECT list.
"""

from __future__ import annotations

from collections.abc import Iterator

from orgtwin.errors import SalesforceError
from orgtwin.schema.model import FieldType
from orgtwin.soql.columns import Names
from orgtwin.soql.errors import refusal
from orgtwin.soql.operands import Operand, operand_of
from orgtwin.soql.tree import Comparison, Condition, Logical, Name, Not, Query, Selected, Source

_MOST = 2
_IDS = frozenset({FieldType.ID, FieldType.REFERENCE})
_NOT_INSIDE = frozenset({"activityhistory", "attachment", "event", "note", "openactivity", "task"})
_NESTED = (
    "Semi join sub-selects are only allowed at the top level WHERE expressions and not in nested WHERE expressions."
)


def require_places(text: str, where: Condition) -> None:
    """At most two in a WHERE clause, joined by AND, outside of parentheses. Raises MALFORMED_QUERY at the sub-select."""
    found = list(_sub_selects(where, None, 0))
    for number, (query, reason) in enumerate(found, start=1):
        if number > _MOST:
            reason = f"Maximum {_MOST} semi join sub-selects are allowed"
        if reason is not None:
            raise _malformed(text, reason, query.position)


def _sub_selects(condition: Condition, reason: str | None, depth: int) -> Iterator[tuple[Query, str | None]]:
    """Every sub-select of a clause, with why its place is none."""
    match condition:
        case Comparison(right=Query() as query):
            yield query, reason
        case Not(condition=inner):
            yield from _sub_selects(inner, "Semi join sub-selects are not allowed with the 'NOT' operator", depth)
        case Logical(operator=operator, conditions=conditions):
            if depth:
                reason = _NESTED
            elif operator == "OR":
                reason = "Semi join sub-selects are not allowed with the 'OR' operator"
            for each in conditions:
                yield from _sub_selects(each, reason, depth + 1)


def require_outer(names: Names, left: Operand) -> None:
    """The left side is an id or reference field of the object itself."""
    if left.type not in _IDS:
        reason = (
            "The left operand field in the where expression for outer query should be an id field, "
            f"cannot use: '{left.label}'"
        )
        raise refusal("INVALID_FIELD", reason, names.text, left.position)
    if left.column is not None and left.column.lookups:
        reason = f"The left operand of a semi join cannot use a relationship: '{left.label}'"
        raise _malformed(names.text, reason, left.position)


def pick_inner(names: Names, query: Query, left: Operand, inner: Names) -> Operand:
    """The one field that a sub-select gives: an id that points where the left side points."""
    source = query.sources[0]
    _require_source(names, inner, source)
    selected = query.select[0] if len(query.select) == 1 else None
    if not isinstance(selected, Selected) or not isinstance(selected.expression, Name):
        raise _malformed(names.text, "The inner select of a semi-join must name one field", query.position)
    if query.order_by or query.limit or query.offset or query.for_modes or query.group_by or query.having:
        reason = "ORDER BY, LIMIT, OFFSET, FOR and GROUP BY are not supported in semi join inner selects"
        raise _malformed(names.text, reason, query.position)
    picked = operand_of(inner, selected.expression)
    if picked.type not in _IDS:
        reason = f"The inner select field '{picked.label}' cannot be used in a semi-join: it should be an id field"
        raise refusal("INVALID_FIELD", reason, names.text, picked.position)
    if picked.column is not None and picked.column.lookups:
        reason = f"The inner select field of a semi join cannot use a relationship: '{picked.label}'"
        raise _malformed(names.text, reason, picked.position)
    _require_same_target(names, left, inner, picked)
    return picked


def _require_source(names: Names, inner: Names, source: Source) -> None:
    api_name = inner.root.api_name
    if api_name.lower() in _NOT_INSIDE or api_name.lower().endswith("tag"):
        reason = f"Entity '{api_name}' is not supported for semi join inner selects"
        raise _malformed(names.text, reason, source.position)
    if inner.root is names.root:
        reason = "The inner and outer selects should not be on the same object type"
        raise _malformed(names.text, reason, source.position)


def _require_same_target(names: Names, left: Operand, inner: Names, picked: Operand) -> None:
    if not (_targets(left, names) & _targets(picked, inner)):
        reason = (
            f"The selected field '{picked.label}' in the subquery and the left operand field in the where expression "
            f"in the outer query '{left.label}' should point to the same object type"
        )
        raise _malformed(names.text, reason, left.position)


def _targets(operand: Operand, names: Names) -> frozenset[str]:
    """The objects an id operand may hold ids of."""
    if operand.type is FieldType.REFERENCE and operand.field is not None:
        return frozenset(operand.field.reference_to)
    owner = operand.column.owner if operand.column is not None else names.root
    return frozenset({owner.api_name})


def _malformed(text: str, reason: str, position: int) -> SalesforceError:
    return refusal("MALFORMED_QUERY", reason, text, position)
