"""The types of binds in inline queries, against the fields that they are compared with.

Source: "Using Apex Variables in SOQL and SOSL Queries" (Apex Developer Guide); the text from deploys that users have published. A
collection stands for its elements whatever the operator. ASSUMED: Date and Datetime stand for each other, and a value whose static
type is Object may be anything.
"""

from __future__ import annotations

from collections.abc import Iterator

from orgtwin.apex.compile import messages
from orgtwin.apex.compile.scope import Code, CompileProblem, Scope
from orgtwin.apex.types import (
    BOOLEAN,
    DATE,
    DATETIME,
    DECIMAL,
    ID,
    NULL,
    NUMERIC_RANK,
    OBJECT,
    STRING,
    TIME,
    Kind,
    Type,
)
from orgtwin.errors import SalesforceError
from orgtwin.schema.model import Field, FieldType, SObjectType
from orgtwin.soql.parser import parse
from orgtwin.soql.tree import ChildQuery, Comparison, Condition, Literal, Logical, Name, Not, Query
from orgtwin.soql.tree import Kind as Literals

_TEXTS = frozenset((STRING, ID))
_NUMBERS = frozenset(NUMERIC_RANK)
_DAYS = frozenset((DATE, DATETIME))
_COLUMNS: dict[FieldType, tuple[Type, frozenset[Type]]] = {
    **dict.fromkeys((FieldType.ID, FieldType.REFERENCE), (ID, _TEXTS)),
    **dict.fromkeys(
        (FieldType.STRING, FieldType.TEXTAREA, FieldType.EMAIL, FieldType.PHONE, FieldType.URL, FieldType.PICKLIST),
        (STRING, _TEXTS),
    ),
    **dict.fromkeys((FieldType.INT, FieldType.DOUBLE, FieldType.CURRENCY, FieldType.PERCENT), (DECIMAL, _NUMBERS)),
    FieldType.BOOLEAN: (BOOLEAN, frozenset((BOOLEAN,))),
    FieldType.DATE: (DATE, _DAYS),
    FieldType.DATETIME: (DATETIME, _DAYS),
    FieldType.TIME: (TIME, frozenset((TIME,))),
}
"""What a field of that type is called in the message, and what may be compared with it."""


def check_binds(scope: Scope, text: str, source: SObjectType, binds: dict[str, Code], pos: int) -> None:
    """Raises CompileProblem for the first bind of a type that its field never has."""
    if not binds:
        return
    try:
        query = parse(text)
    except SalesforceError:  # told by the planner
        return
    for field, name in _compared(scope, query, source):
        column = _COLUMNS.get(field.type)
        bound = binds.get(name)
        if column is None or bound is None:
            continue
        shown = _misfit(bound.type, column)
        if shown is not None:
            raise CompileProblem(messages.BIND_TYPE.format(shown, column[0].name), pos)


def _misfit(type_: Type, column: tuple[Type, frozenset[Type]]) -> str | None:
    """The type as the message names it when it does not fit the column."""
    item = type_.args[-1] if type_.key in ("list", "set") and type_.args else type_
    if item is OBJECT:
        return None if type_ is OBJECT else "ANY"
    if item in column[1] or item is NULL or item.kind is Kind.REFUSED or (item.is_sobject and column[0] is ID):
        return None
    if item.kind is Kind.PRIMITIVE:
        return item.name
    return "APEX_OBJECT" if item.kind is Kind.CLASS and not item.is_enum else None


def _compared(scope: Scope, query: Query, source: SObjectType) -> Iterator[tuple[Field, str]]:
    """The fields of the query and of the queries in it, each with a bind that it is compared with."""
    if query.where is not None:
        yield from _of_condition(scope, query, query.where, source)
    for item in query.select:
        if isinstance(item, ChildQuery):
            child = scope.engine.find_child(source.api_name, item.query.sources[0].path[-1])
            found = scope.engine.find_sobject_type(child.child_type) if child is not None else None
            if found is not None and found.sobject is not None:
                yield from _compared(scope, item.query, found.sobject)


def _of_condition(scope: Scope, query: Query, node: Condition, source: SObjectType) -> Iterator[tuple[Field, str]]:
    if isinstance(node, Logical):
        for inner in node.conditions:
            yield from _of_condition(scope, query, inner, source)
    elif isinstance(node, Not):
        yield from _of_condition(scope, query, node.condition, source)
    elif isinstance(node, Comparison):
        yield from _of_comparison(scope, query, node, source)


def _of_comparison(scope: Scope, query: Query, node: Comparison, source: SObjectType) -> Iterator[tuple[Field, str]]:
    if isinstance(node.right, Query):
        inner = scope.engine.find_sobject_type(node.right.sources[0].path[-1])
        if inner is not None and inner.sobject is not None:
            yield from _compared(scope, node.right, inner.sobject)
        return
    field = _find_field(scope, query, node.left, source) if isinstance(node.left, Name) else None
    values = (node.right,) if isinstance(node.right, Literal) else node.right
    if field is not None:
        yield from ((field, value.text) for value in values if value.kind is Literals.BIND)


def _find_field(scope: Scope, query: Query, name: Name, source: SObjectType) -> Field | None:
    parts = list(name.parts)
    own = {source.api_name.lower(), (query.sources[0].alias or "").lower()}
    if len(parts) > 1 and parts[0].lower() in own and source.find_relationship(parts[0]) is None:
        parts = parts[1:]
    at: SObjectType | None = source
    for relationship in parts[:-1]:
        reference = at.find_relationship(relationship) if at is not None else None
        if reference is None or len(reference.reference_to) != 1:
            return None
        parent = scope.engine.find_sobject_type(reference.reference_to[0])
        at = parent.sobject if parent is not None else None
    return at.find_field(parts[-1]) if at is not None else None
