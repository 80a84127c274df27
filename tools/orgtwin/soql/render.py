"""The query text of a tree: `parse(render(tree)) == tree`."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal

from orgtwin.soql.tree import (
    ChildQuery,
    Comparison,
    Condition,
    Fields,
    Kind,
    Literal,
    Logical,
    Name,
    Not,
    Order,
    Query,
    SelectItem,
    Source,
    TypeOf,
)


def render(query: Query) -> str:
    """One line, keywords in capitals, names as written."""
    select = "COUNT()" if query.counts_only else ", ".join(_item(item) for item in query.select)
    parts = ["SELECT", select, "FROM", ", ".join(_source(source) for source in query.sources)]
    if query.scope is not None:
        parts.append(f"USING SCOPE {query.scope}")
    if query.where is not None:
        parts.append(f"WHERE {_condition(query.where)}")
    parts += [f"WITH {mode}" for mode in query.with_modes]
    if query.group_by is not None:
        keys = ", ".join(expression.text for expression in query.group_by.expressions)
        parts.append(f"GROUP BY {query.group_by.mode}({keys})" if query.group_by.mode else f"GROUP BY {keys}")
    if query.having is not None:
        parts.append(f"HAVING {_condition(query.having)}")
    if query.order_by:
        parts.append(f"ORDER BY {', '.join(_order(order) for order in query.order_by)}")
    parts += [f"{word} {_literal(count)}" for word, count in _counts(query)]
    parts += [f"FOR {mode}" for mode in query.for_modes]
    parts += [f"UPDATE {mode}" for mode in query.update_modes]
    if query.all_rows:
        parts.append("ALL ROWS")
    return " ".join(parts)


def _counts(query: Query) -> list[tuple[str, Literal]]:
    return [(word, count) for word, count in (("LIMIT", query.limit), ("OFFSET", query.offset)) if count is not None]


def _item(item: SelectItem) -> str:
    match item:
        case ChildQuery(query=query):
            return f"({render(query)})"
        case Fields(which=which):
            return f"FIELDS({which})"
        case TypeOf(relationship=relationship, whens=whens, otherwise=otherwise):
            arms = "".join(f" WHEN {when.sobject_type} THEN {_names(when.fields)}" for when in whens)
            last = f" ELSE {_names(otherwise)}" if otherwise else ""
            return f"TYPEOF {relationship.text}{arms}{last} END"
        case _:
            return item.expression.text if item.alias is None else f"{item.expression.text} {item.alias}"


def _names(names: tuple[Name, ...]) -> str:
    return ", ".join(name.text for name in names)


def _source(source: Source) -> str:
    path = ".".join(source.path)
    return path if source.alias is None else f"{path} {source.alias}"


def _order(order: Order) -> str:
    direction = " DESC" if order.descending else ""
    nulls = "" if order.nulls_last is None else " NULLS LAST" if order.nulls_last else " NULLS FIRST"
    return f"{order.expression.text}{direction}{nulls}"


def _condition(condition: Condition) -> str:
    match condition:
        case Not(condition=inner):
            return f"NOT {_operand(inner)}"
        case Logical(operator=operator, conditions=conditions):
            return f" {operator} ".join(_operand(inner) for inner in conditions)
        case Comparison(left=left, operator=operator, right=right):
            return f"{left.text} {operator} {_right(right)}"


def _operand(condition: Condition) -> str:
    return _condition(condition) if isinstance(condition, Comparison) else f"({_condition(condition)})"


def _right(right: Literal | tuple[Literal, ...] | Query) -> str:
    if isinstance(right, Query):
        return f"({render(right)})"
    if isinstance(right, tuple):
        return f"({', '.join(_literal(value) for value in right)})"
    return _literal(right)


def _literal(literal: Literal) -> str:
    value = literal.value
    match literal.kind:
        case Kind.STRING:
            return f"'{literal.text}'"
        case Kind.BIND:
            return f":{literal.text}"
        case Kind.DATE_NAME:
            return literal.text if value is None else f"{literal.text}:{value}"
        case Kind.CURRENCY:
            return f"{literal.text}{value}"
        case _:
            return _plain(value)


def _plain(value: str | Decimal | bool | date | datetime | time | int | None) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return f"{value.isoformat(timespec='milliseconds')}Z"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
