"""Statements to closures.

A statement's closure gives None when it completes, or a signal: BREAK, CONTINUE, RETURN (the value waits in the frame). `ends` says
that control never passes it, which is what "Unreachable statement" and "Missing return statement" are about.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from orgtwin.apex.compile import messages
from orgtwin.apex.compile.annotations import check_declaration
from orgtwin.apex.compile.coverable import begun, evaluated, marking
from orgtwin.apex.compile.expressions import assigned, condition, expression, fitted
from orgtwin.apex.compile.identifiers import check_name
from orgtwin.apex.compile.loops import LOOPS
from orgtwin.apex.compile.members import require_test
from orgtwin.apex.compile.modifiers import FIELD, LOCAL
from orgtwin.apex.compile.names import get_type, get_value_type
from orgtwin.apex.compile.record_fields import may_write
from orgtwin.apex.compile.scope import CompileProblem, Scope
from orgtwin.apex.compile.signals import BREAK, CONTINUE, RETURN, Signal, Step
from orgtwin.apex.compile.switches import switch
from orgtwin.apex.compile.tracing import executed, stored
from orgtwin.apex.database import run_dml, run_merge
from orgtwin.apex.faults import EXCEPTION, ApexThrow, Uncatchable, null_pointer
from orgtwin.apex.syntax import tree
from orgtwin.apex.syntax.expressions import start_of
from orgtwin.apex.syntax.problems import TOO_DEEP
from orgtwin.apex.types import ID, NULL, STRING, VOID, Kind, Type, is_assignable
from orgtwin.apex.values import LINE, RESULT, Frame, Run
from orgtwin.schema.model import FieldType


class _Handler(NamedTuple):
    type: Type
    slot: int
    body: Run


def statement(scope: Scope, node: tree.Statement) -> Step:
    """The code of one statement. Raises CompileProblem."""
    return STATEMENTS[type(node)](scope, node)


def block(scope: Scope, node: tree.Block) -> Step:
    """A block with its own names."""
    with scope.inner():
        return sequence(scope, node.statements)


def sequence(scope: Scope, nodes: list[tree.Statement]) -> Step:
    """Statements one after another; a problem in one does not hide those of the next."""
    steps: list[tuple[int, Run]] = []
    ends = is_unreached = trails = False
    for node in nodes:
        if ends and not is_unreached and _tells_unreached(scope):
            scope.note(messages.UNREACHABLE, _place_of(node))
            is_unreached = True
        try:
            step = statement(scope, node)
        except CompileProblem as problem:
            scope.problems.append(problem)
            ends = ends or isinstance(node, _ENDING)
            continue
        except RecursionError:
            scope.note(TOO_DEEP, node.pos)
            continue
        line = scope.line(node.pos)
        tracing = scope.engine.tracing
        is_told = tracing is not None and tracing.statements
        run = executed(scope.engine, line, step.run) if is_told else step.run
        steps.append((line, marking(scope, begun(node), run)))
        ends = ends or step.ends
        trails = ends and (step.trails or not step.ends)
    return Step(_run_all(steps), ends, trails)


_ENDING = (tree.Return, tree.Throw)
_UNREACHED_SINCE = 42.0
"""Older classes may have code behind a return or throw, but for `check_end`, as Salesforce's own compiler takes them."""


def _tells_unreached(scope: Scope) -> bool:
    of_trigger = scope.body_of == "trigger" and len(scope.blocks) == 1
    return not of_trigger and scope.cls.outermost().api_version >= _UNREACHED_SINCE


def check_end(scope: Scope, step: Step, body: list[tree.Statement], pos: int) -> None:
    """Note that a body which has to give a value does not. Until API version 41 its last statement is also to be reached."""
    if not step.ends:
        scope.note(messages.MISSING_RETURN.format(scope.returns.name), pos)
    elif step.trails and scope.cls.outermost().api_version < _UNREACHED_SINCE:
        scope.note(messages.UNREACHABLE, _place_of(body[-1]))


def _place_of(node: tree.Statement) -> int:
    return node.expression.pos if isinstance(node, tree.ExpressionStatement) else node.pos


def _run_all(steps: list[tuple[int, Run]]) -> Run:
    if len(steps) == 1:
        return _run_one(*steps[0])

    def run(frame: Frame) -> Signal:
        for line, step in steps:
            frame[LINE] = line
            signal = step(frame)
            if signal is not None:
                return signal
        return None

    return run


def _run_one(line: int, step: Run) -> Run:
    def run(frame: Frame) -> Signal:
        frame[LINE] = line
        return step(frame)

    return run


def single(scope: Scope, node: tree.Statement | None) -> Step:
    """The body of an if or a loop, in braces or not."""
    if node is None:
        return Step(lambda frame: None, False)
    return block(scope, node) if isinstance(node, tree.Block) else sequence(scope, [node])


def _local(scope: Scope, node: tree.LocalVariables) -> Step:
    type_ = get_value_type(scope, node.type, messages.VOID_VARIABLE)
    stores: list[tuple[int, Run]] = []
    told: list[Run] = []
    for name, pos, value in node.variables:
        run: Run = _null
        if value is not None:
            with scope.noting():
                run = assigned(scope, value, type_, pos)
        with scope.noting():
            slot = scope.declare(name, type_, pos)
            stores.append((slot, run))
            if scope.engine.tracing is not None and scope.engine.tracing.variables:
                told.append(stored(scope, name, slot, type_, run if value is not None else None, scope.line(pos)))
        with scope.noting():
            _check_local(scope, node, name, pos)
    if told:
        return Step(_all_of(told), False)
    if len(stores) == 1:
        slot, only = stores[0]

        def store(frame: Frame) -> None:
            frame[slot] = only(frame)

        return Step(store, False)

    def store_all(frame: Frame) -> None:
        for at, run in stores:
            frame[at] = run(frame)

    return Step(store_all, False)


def _all_of(runs: list[Run]) -> Run:
    def run(frame: Frame) -> None:
        for one in runs:
            one(frame)

    return run


def _check_local(scope: Scope, node: tree.LocalVariables, name: str, pos: int) -> None:
    check_name(name, pos)
    if node.modifiers is not None:
        of_trigger = scope.body_of == "trigger" and len(scope.blocks) == 1
        scope.problems.extend(check_declaration(scope.cls, node.modifiers, FIELD if of_trigger else LOCAL, pos))


def _null(frame: Frame) -> None:
    return None


_STATEMENT_EXPRESSIONS = (
    tree.Assign,
    tree.Call,
    tree.Postfix,
    tree.Unary,
    tree.NewObject,
    tree.NewSObject,
    tree.NewItems,
    tree.NewSized,
)


def _expression(scope: Scope, node: tree.ExpressionStatement) -> Step:
    inner = node.expression
    steps = isinstance(inner, _STATEMENT_EXPRESSIONS) and not (
        isinstance(inner, tree.Unary) and inner.op not in ("++", "--")
    )
    if not steps and not isinstance(inner, tree.NewPairs):
        expression(scope, inner)
        raise CompileProblem(messages.NOT_A_STATEMENT, start_of(inner))
    run = expression(scope, inner).run

    def evaluate(frame: Frame) -> None:
        run(frame)

    return Step(evaluate, False)


def _if(scope: Scope, node: tree.If) -> Step:
    """A variable declared without braces is known to both branches, and gone behind them."""
    with scope.inner():
        return _branches(scope, node)


def _branches(scope: Scope, node: tree.If) -> Step:
    test = condition(scope, node.condition)
    then = single(scope, node.then)
    run_then = then.run
    if node.otherwise is None:

        def run(frame: Frame) -> Signal:
            chosen = test(frame)
            if chosen is None:
                raise null_pointer()
            return run_then(frame) if chosen else None

        return Step(run, False)
    otherwise = _else(scope, node.otherwise)
    run_otherwise = otherwise.run

    def run_both(frame: Frame) -> Signal:
        chosen = test(frame)
        if chosen is None:
            raise null_pointer()
        return run_then(frame) if chosen else run_otherwise(frame)

    ends = then.ends and otherwise.ends
    return Step(run_both, ends, ends and (then.trails or otherwise.trails))


def _else(scope: Scope, node: tree.Statement) -> Step:
    """Of an `else if` only the condition counts as a line, the word does not."""
    if not isinstance(node, tree.If):
        return single(scope, node)
    step, line = _if(scope, node), scope.line(node.pos)
    tracing = scope.engine.tracing
    is_told = tracing is not None and tracing.statements
    run = executed(scope.engine, line, step.run) if is_told else step.run
    return Step(_run_one(line, marking(scope, evaluated(node.condition), run)), step.ends, step.trails)


_VOID_RETURNS = {"constructor": messages.CONSTRUCTOR_RETURN, "trigger": messages.TRIGGER_RETURN}


def _return(scope: Scope, node: tree.Return) -> Step:
    if scope.body_of == "initialiser":
        scope.note(messages.RETURN_OUTSIDE, node.pos)
        return Step(lambda frame: RETURN, True)
    if node.value is None:
        if scope.returns is not VOID:
            raise CompileProblem(messages.MISSING_RETURN.format(scope.returns.name), node.pos)
        return Step(lambda frame: RETURN, True)
    if scope.returns is VOID:
        raise CompileProblem(_VOID_RETURNS.get(scope.body_of, messages.VOID_RETURN), node.pos)
    code = expression(scope, node.value)
    run = fitted(code, scope.returns, node.pos, messages.ILLEGAL_CONVERSION)

    def give(frame: Frame) -> Signal:
        frame[RESULT] = run(frame)
        return RETURN

    return Step(give, True)


def _throw(scope: Scope, node: tree.Throw) -> Step:
    code = expression(scope, node.value)
    if code.type is not NULL and (code.type.cls is None or EXCEPTION not in code.type.cls.chain()):
        raise CompileProblem(messages.THROW.format(code.type.name), node.pos)
    run = code.run

    def throw_it(frame: Frame) -> Signal:
        value = run(frame)
        if value is None:
            raise null_pointer()
        raise ApexThrow(value)

    return Step(throw_it, True)


def _break(scope: Scope, node: tree.Break) -> Step:
    if not scope.loops:
        raise CompileProblem(messages.BREAK, node.pos)
    return Step(lambda frame: BREAK, False)


def _continue(scope: Scope, node: tree.Continue) -> Step:
    if not scope.loops:
        raise CompileProblem(messages.CONTINUE, node.pos)
    return Step(lambda frame: CONTINUE, False)


def _try(scope: Scope, node: tree.Try) -> Step:
    if not node.catches and node.final is None:
        raise CompileProblem(messages.TRY_ALONE, node.pos)
    body = block(scope, node.body)
    ends, trails = body.ends, body.trails
    handlers: list[_Handler] = []
    caught: list[Type] = []
    for clause in node.catches:
        with scope.inner():
            slot = _catch_variable(scope, clause, caught)
            handler = sequence(scope, clause.body.statements)
        if slot is not None:
            handlers.append(_Handler(caught[-1], slot, marking(scope, (clause.body.pos,), handler.run)))
        ends, trails = ends and handler.ends, trails or handler.trails
    guarded = _guarded(scope, body.run, handlers) if handlers else body.run
    if node.final is None:
        return Step(guarded, ends, ends and trails)
    final = block(scope, node.final)
    return Step(_finally(guarded, final.run), ends, ends and trails)


def _catch_variable(scope: Scope, clause: tree.Catch, caught: list[Type]) -> int | None:
    """Declare it; problems are noted, so that those of the block are told as well. Its type joins those caught before."""
    pos = clause.body.pos
    try:
        type_ = get_type(scope, clause.type, pos)
    except CompileProblem as problem:
        scope.problems.append(problem)
        return None
    if type_.kind is not Kind.REFUSED and (type_.cls is None or EXCEPTION not in type_.cls.chain()):
        scope.note(messages.CATCH.format(type_.name), pos)
    if any(_catches(before, type_) for before in caught):
        scope.note(messages.CATCH_TWICE.format(type_.name), pos)
    caught.append(type_)
    slot = scope.declare(clause.name, type_, clause.pos)
    check_name(clause.name, clause.pos)
    return slot


def _catches(before: Type, type_: Type) -> bool:
    return type_ is before or (before.kind is not Kind.REFUSED and type_ is not NULL and is_assignable(type_, before))


def _guarded(scope: Scope, body: Run, handlers: list[_Handler]) -> Run:
    note_trace = scope.engine.note_trace

    def run(frame: Frame) -> Signal:
        try:
            return body(frame)
        except Uncatchable:
            raise
        except ApexThrow as error:
            note_trace(error)
            thrown = error.value
        for type_, slot, handler in handlers:
            if type_.cls is not None and thrown.cls.is_a(type_.cls):
                frame[slot] = thrown
                return handler(frame)
        raise ApexThrow(thrown)

    return run


def _finally(body: Run, final: Run) -> Run:
    def run(frame: Frame) -> Signal:
        try:
            signal = body(frame)
        except Uncatchable:
            raise
        except ApexThrow:
            overriding = final(frame)
            if overriding is not None:
                return overriding
            raise
        result = frame[RESULT]
        overriding = final(frame)
        if overriding is not None:
            return overriding
        frame[RESULT] = result
        return signal

    return run


def _dml(scope: Scope, node: tree.Dml) -> Step:
    operand = expression(scope, node.operand)
    engine, verb = scope.engine, node.verb
    if verb != "merge":
        _check_records(operand.type, node)
    user_mode = node.access == "user"
    run = operand.run
    if verb == "merge":
        key = expression(scope, node.key) if node.key is not None else operand
        _check_merge(operand.type, key.type, node)
        other = key.run
        return Step(lambda frame: run_merge(engine, run(frame), other(frame), user_mode), False)
    field = _upsert_field(scope, operand.type, node)
    return Step(lambda frame: run_dml(engine, verb, run(frame), user_mode, field), False)


def _check_records(type_: Type, node: tree.Dml) -> None:
    item = type_.args[0] if type_.key == "list" and type_.args else type_
    if not item.is_sobject and item.kind is not Kind.REFUSED:
        raise CompileProblem(messages.DML_TYPE.format(type_.name), node.pos)
    if item.sobject is not None and not may_write(item.sobject, node.verb):
        raise CompileProblem(messages.DML_NOT_ALLOWED.format(node.verb.capitalize(), type_.name), node.pos)


def _check_merge(master: Type, duplicates: Type, node: tree.Dml) -> None:
    if master.sobject is None:
        raise CompileProblem(messages.MERGE_CONCRETE.format(master.name), node.pos)
    if master.name not in _MERGEABLE:
        raise CompileProblem(messages.MERGE_UNSUPPORTED.format(master.name), node.pos)
    other = duplicates.args[0] if duplicates.key == "list" and duplicates.args else duplicates
    if other is not master and other not in (ID, STRING, NULL):
        raise CompileProblem(messages.MERGE_DUPLICATES, node.pos)


_MERGEABLE = ("Account", "Contact", "Lead", "Case")
"""Source: "Merge Statements" (Apex Developer Guide)."""


def _upsert_field(scope: Scope, type_: Type, node: tree.Dml) -> str | None:
    if node.verb != "upsert" or node.key is None:
        return None
    item = type_.args[0] if type_.key == "list" else type_
    name = node.key
    text = name.name if isinstance(name, (tree.Name, tree.FieldAccess)) else ""
    if item.sobject is None:
        raise CompileProblem(messages.UPSERT_CONCRETE, node.pos)
    field = item.sobject.find_field(text)
    if field is None or not (field.external_id or field.id_lookup or field.type is FieldType.ID):
        raise CompileProblem(messages.UPSERT_FIELD.format(text), node.pos)
    return field.api_name


def _run_as(scope: Scope, node: tree.RunAs) -> Step:
    users = [expression(scope, arg) for arg in node.args]
    if len(users) != 1 or not (users[0].type.name == "User" or users[0].type.name.endswith("Version")):
        raise CompileProblem(messages.RUN_AS, node.pos)
    user = users[0]
    body = block(scope, node.body)
    if user.type.name != "User":  # a version of a managed package, of which the code under test has none
        return body
    run_user, run_body, engine = user.run, body.run, scope.engine

    def run(frame: Frame) -> Signal:
        require_test(engine)
        with engine.running_as(run_user(frame)):
            signal: Signal = run_body(frame)
            return signal

    return Step(run, False)


def _block(scope: Scope, node: tree.Block) -> Step:
    return block(scope, node)


def _loop(make: Callable[..., Step]) -> Callable[[Scope, Any], Step]:
    return lambda scope, node: make(scope, node, single, sequence)


STATEMENTS: dict[type[tree.Statement], Callable[[Scope, Any], Step]] = {
    tree.Block: _block,
    tree.LocalVariables: _local,
    tree.ExpressionStatement: _expression,
    tree.If: _if,
    tree.Return: _return,
    tree.Throw: _throw,
    tree.Break: _break,
    tree.Continue: _continue,
    tree.Try: _try,
    tree.Dml: _dml,
    tree.RunAs: _run_as,
    tree.Switch: lambda scope, node: switch(scope, node, block, sequence),
    **{kind: _loop(make) for kind, make in LOOPS.items()},
}
