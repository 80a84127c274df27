"""Loops. Every turn costs CPU ticks, so that an endless one ends. For the compiler control passes any loop, an endless one too.

Source: "Loops", "SOQL For Loops" (Apex Developer Guide)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from orgtwin.apex.compile import messages
from orgtwin.apex.compile.calls import late_method
from orgtwin.apex.compile.coverable import evaluated, marking
from orgtwin.apex.compile.expressions import condition, expression
from orgtwin.apex.compile.identifiers import check_name
from orgtwin.apex.compile.names import get_value_type
from orgtwin.apex.compile.operators import converted
from orgtwin.apex.compile.scope import Code, CompileProblem, Scope
from orgtwin.apex.compile.signals import BREAK, RETURN, Signal, Step
from orgtwin.apex.compile.tracing import loop_variable
from orgtwin.apex.faults import ITERATED, null_pointer, throw
from orgtwin.apex.library.signatures import SYSTEM_CLASSES
from orgtwin.apex.syntax import tree
from orgtwin.apex.types import NULL, SOBJECT, Kind, Type, is_assignable, list_of
from orgtwin.apex.values import ApexList, ApexMap, ApexSet, Frame, KeySet, Run, Value

Body = Callable[[Scope, tree.Statement | None], Step]
Sequence = Callable[[Scope, list[tree.Statement]], Step]
CHUNK = 200
_SETS_LOCKED_SINCE = 62.0
"""Before, a loop over a set may change it ("See Improved Consistency When Iterating Sets", Winter '25 release notes): "sometimes
allowed" with unexpected results. ASSUMED, as tests of public projects find it: always, and the loop walks what the set was."""


def weight(node: tree.Statement | None) -> int:
    """How many ticks one turn of a loop costs: about its number of statements."""
    return 1 + len(node.statements) if isinstance(node, tree.Block) else 2


def _calls(node: tree.Expression | None) -> int:
    """The method calls of a condition: a loop may do all its work there."""
    count, todo = 0, [node]
    while todo:
        part = todo.pop()
        if isinstance(part, tree.Call):
            count += 1
            todo += [part.target, *part.args]
        elif isinstance(part, tree.Binary):
            todo += [part.left, part.right]
        elif isinstance(part, tree.Unary):
            todo.append(part.operand)
    return count


def _in_loop(scope: Scope, body: Body, node: tree.Statement | None) -> Run:
    """The body of a loop. The line of its opening brace counts."""
    with scope.inner(loop=True):
        run = body(scope, node).run
    return marking(scope, (node.pos,), run) if isinstance(node, tree.Block) else run


def _while(scope: Scope, node: tree.While, body: Body, _: Sequence) -> Step:
    test = condition(scope, node.condition)
    run_body = _in_loop(scope, body, node.body)
    spend, cost = scope.engine.spend, weight(node.body) + _calls(node.condition)

    def run(frame: Frame) -> Signal:
        while True:
            chosen = test(frame)
            if not chosen:
                if chosen is None:
                    raise null_pointer()
                return None
            spend(cost)
            signal = run_body(frame)
            if signal is not None:
                if signal == RETURN:
                    return RETURN
                if signal == BREAK:
                    return None

    return Step(run, False)


def _do(scope: Scope, node: tree.DoWhile, body: Body, _: Sequence) -> Step:
    with scope.inner(loop=True):
        run_body = body(scope, node.body).run
    test = marking(scope, evaluated(node.condition), condition(scope, node.condition))
    spend, cost = scope.engine.spend, weight(node.body) + _calls(node.condition)

    def run(frame: Frame) -> Signal:
        while True:
            spend(cost)
            signal = run_body(frame)
            if signal is not None:
                if signal == RETURN:
                    return RETURN
                if signal == BREAK:
                    return None
            chosen = test(frame)
            if not chosen:
                if chosen is None:
                    raise null_pointer()
                return None

    return Step(run, False)


def _for(scope: Scope, node: tree.For, body: Body, sequence: Sequence) -> Step:
    with scope.inner():
        if isinstance(node.init, tree.LocalVariables):
            starts = [sequence(scope, [node.init]).run]
        else:
            starts = [expression(scope, e).run for e in node.init]
        test: Run = condition(scope, node.condition) if node.condition is not None else _always
        update: Run = expression(scope, node.update).run if node.update is not None else _always
        update = marking(scope, evaluated(node.update), update)
        run_body = _in_loop(scope, body, node.body)
    spend, cost = scope.engine.spend, weight(node.body) + _calls(node.condition)

    def run(frame: Frame) -> Signal:
        for start in starts:
            start(frame)
        while True:
            chosen = test(frame)
            if not chosen:
                if chosen is None:
                    raise null_pointer()
                return None
            spend(cost)
            signal = run_body(frame)
            if signal is not None:
                if signal == RETURN:
                    return RETURN
                if signal == BREAK:
                    return None
            update(frame)

    return Step(run, False)


def _always(frame: Frame) -> bool:
    return True


def _for_each_body(scope: Scope, node: tree.ForEach, item: Type, source: Code, body: Body) -> tuple[int, Run]:
    """The slot of the loop's variable, and its body."""
    slot = scope.declare(node.name, item, node.name_pos)
    check_name(node.name, node.name_pos)
    _check_item(source, item, node)
    run_body = _in_loop(scope, body, node.body)
    tracing = scope.engine.tracing
    if tracing is not None and tracing.variables:
        run_body = loop_variable(scope, node.name, slot, item, scope.line(node.pos), run_body)
    return slot, run_body


def _check_item(source: Code, item: Type, node: tree.ForEach) -> None:
    """Rows of a query go one by one or in lists, as what they are or as SObject; those of a dynamic query as any sObject.

    ASSUMED from public code that orgs run: `for (Account a : parent.getSObjects('Accounts'))`.
    """
    given = _item_type(source, node)
    if not source.is_query:
        children = isinstance(node.source, tree.Call) and node.source.name.lower() == "getsobjects"
        if not is_assignable(given, item) and not (children and item.is_sobject):
            raise CompileProblem(messages.LOOP_VARIABLE.format(given.name, item.name), node.pos)
        return
    row = item.args[0] if item.key == "list" else item
    if not row.is_sobject or (row != given and SOBJECT not in (row, given)):
        raise CompileProblem(messages.LOOP_ROW.format(given.name), node.pos)


def _for_each(scope: Scope, node: tree.ForEach, body: Body, _: Sequence) -> Step:
    source = expression(scope, node.source)
    item = get_value_type(scope, node.type, messages.VOID_VARIABLE)
    given = _item_type(source, node)
    chunked = _is_chunked(source, item)
    with scope.inner():
        slot, run_body = _for_each_body(scope, node, item, source, body)
    spend, cost = scope.engine.spend, weight(node.body)
    walk = _chunks if chunked else _walk
    convert = None if chunked else _item_conversion(given, item)
    run_source = source.run
    locked = (ApexList, ApexSet) if scope.cls.outermost().api_version >= _SETS_LOCKED_SINCE else (ApexList,)

    def run(frame: Frame) -> Signal:
        holder = run_source(frame)
        if holder is None:
            raise null_pointer()
        lockable = isinstance(holder, locked)
        if lockable:
            holder.locks += 1
        try:
            for value in walk(holder):
                spend(cost)
                frame[slot] = value if convert is None else convert(value)
                signal = run_body(frame)
                if signal is not None:
                    if signal == RETURN:
                        return RETURN
                    if signal == BREAK:
                        return None
        finally:
            if lockable:
                holder.locks -= 1
        return None

    return Step(run, False)


def _item_conversion(given: Type, item: Type) -> Run | None:
    if given is item:
        return None
    held: list[Value] = []
    run = converted(Code(lambda frame: held[-1], given), item)

    def convert(value: Value) -> Value:
        held.append(value)
        try:
            return run([])
        finally:
            held.pop()

    return convert


def _is_chunked(source: Code, item: Type) -> bool:
    return source.is_query and item.key == "list"


def _item_type(source: Code, node: tree.ForEach) -> Type:
    type_ = source.type
    if type_ is NULL:
        return NULL
    if type_.key in ("list", "set", "iterable") and type_.args:
        return type_.args[0]
    if type_.kind is Kind.REFUSED:
        return type_
    if type_.cls is not None:
        for interface in type_.cls.interface_types():
            if interface.key == "iterable" and interface.args:
                return interface.args[0]
    if type_.key == "database.querylocator" or type_.name == "Database.QueryLocator":
        return SYSTEM_CLASSES["sobject"].type
    raise CompileProblem(messages.LOOP_COLLECTION.format(type_.name), node.pos)


def _walk(holder: Value) -> Iterable[Value]:
    if isinstance(holder, ApexList):
        return _walk_list(holder)
    if isinstance(holder, ApexSet):
        if not holder.locks:
            return list(holder.items)
        return _walk_keys(holder) if type(holder) is KeySet else holder.items
    if isinstance(holder, ApexMap):
        return list(holder.items)
    return _iterate(holder)


def _walk_list(holder: ApexList) -> Iterable[Value]:
    items = holder.items
    size = len(items)
    for value in items:
        yield value
        if len(items) != size:
            raise throw("FinalException", ITERATED)


def _walk_keys(holder: KeySet) -> Iterable[Value]:
    """The map may be given other values meanwhile, not other keys: "Iterating Collections" (Apex Developer Guide).

    ASSUMED, as for lists: it is noticed when the loop goes on, and not behind the last key.
    """
    size = len(holder.items)
    for at, value in enumerate(list(holder.items)):
        if at and len(holder.items) != size:
            raise throw("FinalException", ITERATED)
        yield value


def _iterate(holder: Value) -> Iterable[Value]:
    """Over an object that implements Iterable."""
    start = late_method(holder, "iterator", 0)
    if start is None:
        raise null_pointer()
    cursor = start.call(holder)
    if cursor is None:
        raise null_pointer()
    has_next, get_next = late_method(cursor, "hasNext", 0), late_method(cursor, "next", 0)
    if has_next is None or get_next is None:
        raise null_pointer()
    while has_next.call(cursor):
        yield get_next.call(cursor)


def _chunks(holder: ApexList) -> Iterable[Value]:
    """`for (List<Account> chunk : [SELECT ...])`: 200 rows at a time."""
    for start in range(0, len(holder.items), CHUNK):
        yield ApexList(list_of(holder.type.args[0]), holder.items[start : start + CHUNK])


LOOPS: dict[type[tree.Statement], Callable[[Scope, Any, Body, Sequence], Step]] = {
    tree.While: _while,
    tree.DoWhile: _do,
    tree.For: _for,
    tree.ForEach: _for_each,
}
