"""Inline SOQL and SOSL: names checked against the schema, binds evaluated, rows made records."""

from __future__ import annotations

from orgtwin.apex.compile import messages
from orgtwin.apex.compile.bind_types import check_binds
from orgtwin.apex.compile.expressions import EXPRESSIONS, expression
from orgtwin.apex.compile.scope import Code, CompileProblem, Origin, Scope
from orgtwin.apex.database import run_query, run_search
from orgtwin.apex.library.tokens import AGGREGATE_RESULT
from orgtwin.apex.syntax import tree
from orgtwin.apex.types import INTEGER, SOBJECT, list_of
from orgtwin.apex.values import Frame, Value
from orgtwin.errors import SalesforceError
from orgtwin.schema.model import SObjectType
from orgtwin.sosl.parser import parse_statement

_AGGREGATES = frozenset(("count", "count_distinct", "sum", "avg", "min", "max"))
_USER_MODES = frozenset(("user_mode", "security_enforced"))


def _query(scope: Scope, node: tree.Query) -> Code:
    select = node.tree
    type_ = scope.engine.find_sobject_type(select.source)
    if type_ is None or type_.sobject is None:
        raise CompileProblem(messages.NO_SOBJECT.format(select.source), select.source_pos)
    _check(scope, select, type_.sobject)
    _check_lock(select, type_.sobject)
    problem = scope.engine.port.check_query(node.text)
    if problem is not None:
        raise CompileProblem(problem, node.pos)
    codes = {f"bind{n}": expression(scope, bind) for n, bind in enumerate(node.binds)}
    check_binds(scope, node.text, type_.sobject, codes, node.pos)
    binds = [(name, code.run) for name, code in codes.items()]
    engine, text = scope.engine, node.text
    user_mode = select.access in _USER_MODES
    if _is_count(select):
        return Code(lambda frame: run_query(engine, text, {n: r(frame) for n, r in binds}, user_mode, None), INTEGER)
    row_type = AGGREGATE_RESULT if _is_aggregate(select) else type_
    result = list_of(row_type)

    def run(frame: Frame) -> Value:
        return run_query(engine, text, {n: r(frame) for n, r in binds}, user_mode, result)

    return Code(run, result, Origin.QUERY)


def _is_count(select: tree.QueryTree) -> bool:
    first = select.select[0]
    return (
        len(select.select) == 1
        and isinstance(first, tree.QueryField)
        and first.function == "count"
        and not first.path
        and not first.alias
    )


def _is_aggregate(select: tree.QueryTree) -> bool:
    return select.grouped or any(isinstance(f, tree.QueryField) and f.function in _AGGREGATES for f in select.select)


def _check(scope: Scope, select: tree.QueryTree, schema: SObjectType) -> None:
    """Every field of the query exists. Raises the compile error the platform gives."""
    for item in select.select:
        if isinstance(item, tree.QueryField):
            _check_path(scope, item, schema, select.alias)
        elif isinstance(item, tree.QueryTree):
            _check_children(scope, item, schema)
    aliases = {i.alias.lower() for i in select.select if isinstance(i, tree.QueryField) and i.alias}
    for field in (*select.conditions, *select.group_by, *select.order_by):
        if field.path.lower() not in aliases:
            _check_path(scope, field, schema, select.alias)
    for subquery in select.subqueries:
        inner = scope.engine.find_sobject_type(subquery.source)
        if inner is None or inner.sobject is None:
            raise CompileProblem(messages.NO_SOBJECT.format(subquery.source), subquery.source_pos)
        _check(scope, subquery, inner.sobject)


def _check_lock(select: tree.QueryTree, schema: SObjectType) -> None:
    """Source: "Locking Statements" (Apex Developer Guide). ASSUMED: rows of groups cannot be locked."""
    if not select.locking:
        return
    if not schema.updateable:
        raise CompileProblem(messages.ROW_LOCK.format(schema.api_name), select.source_pos)
    if select.order_by:
        raise CompileProblem(messages.LOCK_AND.format("ORDER BY"), select.order_by[0].pos)
    if _is_aggregate(select) or _is_count(select):
        raise CompileProblem(
            messages.LOCK_AND.format("GROUP BY" if select.grouped else "An aggregate function"), select.pos
        )


def _check_children(scope: Scope, item: tree.QueryTree, schema: SObjectType) -> None:
    child = scope.engine.find_child(schema.api_name, item.source.rpartition(".")[2])
    if child is None:
        raise CompileProblem(messages.NO_CHILD.format(item.source), item.source_pos)
    found = scope.engine.get_sobject_type(child.child_type)
    if found.sobject is not None:
        _check(scope, item, found.sobject)


def _check_path(scope: Scope, field: tree.QueryField, schema: SObjectType, alias: str | None) -> None:
    parts = field.path.split(".")
    if not field.path or (field.function == "fields"):
        return
    if len(parts) > 1 and parts[0].lower() in (schema.api_name.lower(), (alias or schema.api_name).lower()):
        parts = parts[1:]
    for relationship in parts[:-1]:
        reference = schema.find_relationship(relationship)
        if reference is None:
            raise CompileProblem(messages.NO_PARENT.format(relationship), field.pos)
        if len(reference.reference_to) != 1:
            return
        parent = scope.engine.find_sobject_type(reference.reference_to[0])
        if parent is None or parent.sobject is None:
            return
        schema = parent.sobject
    if schema.find_field(parts[-1]) is None:
        raise CompileProblem(messages.NO_COLUMN.format(parts[-1], schema.api_name), field.pos)


def _search(scope: Scope, node: tree.Search) -> Code:
    codes = {f"bind{n}": expression(scope, bind) for n, bind in enumerate(node.binds)}
    _check_returned(scope, node, codes)
    binds = [(name, code.run) for name, code in codes.items()]
    result = list_of(list_of(SOBJECT))
    engine, text = scope.engine, node.text
    return Code(lambda frame: run_search(engine, text, {n: r(frame) for n, r in binds}, result), result)


def _check_returned(scope: Scope, node: tree.Search, codes: dict[str, Code]) -> None:
    """What RETURNING names exists. Raises CompileProblem, with the text of a query for the same (ASSUMED)."""
    try:
        statement = parse_statement(node.text, dict.fromkeys(codes, _ANY_BIND))
    except SalesforceError:  # told when it runs
        return
    for returned in statement.returned:
        found = scope.engine.find_sobject_type(returned.sobject_type)
        if found is None or found.sobject is None:
            raise CompileProblem(messages.NO_SOBJECT.format(returned.sobject_type), node.pos)
        where = f" WHERE {returned.where}" if returned.where else ""
        text = f"SELECT {returned.fields} FROM {returned.sobject_type}{where} {returned.clauses}"  # noqa: S608  (planned only)
        problem = scope.engine.port.check_query(text)
        if problem is not None:
            raise CompileProblem(problem, node.pos)
        check_binds(scope, text, found.sobject, codes, node.pos)


_ANY_BIND = "10"
"""Stands for a bind where the search is only parsed: a word to find, a number of rows."""


EXPRESSIONS[tree.Query] = _query
EXPRESSIONS[tree.Search] = _search
