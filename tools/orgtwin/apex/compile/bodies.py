"""Bodies: methods, constructors, initialisers and accessors made callable.

A frame is a list: receiver, current line, result, place, arguments, local variables. The engine's stack holds the live frames.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from orgtwin.apex.classes import ApexClass, Method
from orgtwin.apex.compile import messages
from orgtwin.apex.compile.calls import arguments, resolve, shown_types
from orgtwin.apex.compile.coverable import evaluated, marking
from orgtwin.apex.compile.creation import (
    check_constructor,
    check_constructor_visible,
    construct,
    constructors_of,
)
from orgtwin.apex.compile.names import get_type
from orgtwin.apex.compile.scope import CompileProblem, Scope
from orgtwin.apex.compile.signals import Step
from orgtwin.apex.compile.statements import check_end, sequence
from orgtwin.apex.compile.tracing import told_accessor, told_constructor, told_method
from orgtwin.apex.faults import EXCEPTION, ApexThrow, out_of_limit
from orgtwin.apex.limits import MAX_STACK_DEPTH, TOO_DEEP, TOO_LARGE
from orgtwin.apex.syntax import tree
from orgtwin.apex.transaction import CALL_TICKS
from orgtwin.apex.types import VOID
from orgtwin.apex.values import FIRST_LOCAL, LINE, RESULT, THIS, Frame, NestedTooDeep, Run, Value

if TYPE_CHECKING:
    from orgtwin.apex.engine import Engine


class CompileFailed(Exception):
    """Code that does not compile was about to run. Not an Apex exception: nothing in Apex sees it."""


def make_call(
    engine: Engine, body: Run, arguments_: int, slots: int, place: str, *, static: bool
) -> Callable[..., Value]:
    """A Python function that runs a body in a new frame."""
    pad = [None] * (slots - FIRST_LOCAL - arguments_)
    stack, spend = engine.stack, engine.spend
    note_trace = engine.note_trace

    def run_frame(frame: Frame) -> Value:
        stack.append(frame)
        try:
            if len(stack) > MAX_STACK_DEPTH:
                raise out_of_limit(TOO_DEEP)
            spend(CALL_TICKS)
            body(frame)
        except ApexThrow as error:
            note_trace(error)
            raise
        except (RecursionError, NestedTooDeep) as error:
            raise out_of_limit(TOO_DEEP) from error
        except MemoryError as error:
            raise out_of_limit(TOO_LARGE) from error
        finally:
            stack.pop()
        return frame[RESULT]

    if static:
        return lambda *args: run_frame([None, 0, None, place, *args, *pad])
    return lambda this, *args: run_frame([this, 0, None, place, *args, *pad])


def compile_lazily(engine: Engine, method: Method, build: Callable[[], Callable[..., Value]]) -> None:
    """Compile the method when it is first called; a compile error then stops the run."""

    def compile_now() -> None:
        method.compile = _nothing
        method.call = build()

    def first_call(*args: Value) -> Value:
        compile_now()
        return method.call(*args)

    method.compile = compile_now
    method.call = first_call
    method.uncompiled = (first_call, compile_now)


def _nothing() -> None:
    return None


def report(engine: Engine, scope: Scope) -> bool:
    """Hand the scope's problems to the engine; True when there were any."""
    cls = scope.cls.outermost()
    for problem in scope.problems:
        engine.add_problem(cls, problem)
    return bool(scope.problems)


def failing(scope: Scope) -> Callable[..., Value]:
    problem = scope.problems[0]
    text = f"{scope.cls.name}: line {scope.line(problem.pos)}: {problem.message}"

    def fail(*args: Value) -> Value:
        raise CompileFailed(text)

    return fail


def method_body(engine: Engine, cls: ApexClass, method: Method, node: tree.Method) -> None:
    """Give a method its body."""

    def build() -> Callable[..., Value]:
        scope = Scope(engine, cls, method.static, method.returns, method.name)
        step = Step(_do_nothing, False)
        try:
            _declare_parameters(scope, node)
        except CompileProblem as problem:
            scope.problems.append(problem)
        if node.body is not None:
            step = sequence(scope, node.body.statements)
        if method.returns is not VOID:
            check_end(scope, step, node.body.statements if node.body is not None else [], node.pos)
        if report(engine, scope):
            return failing(scope)
        place = f"Class.{cls.name}.{method.name}"
        run = marking(scope, (node.pos,), step.run) if node.body is not None else step.run
        call = make_call(engine, run, len(node.parameters), scope.slots, place, static=method.static)
        return told_method(scope, method, node, call)

    compile_lazily(engine, method, build)


def _do_nothing(frame: Frame) -> None:
    return None


def _declare_parameters(scope: Scope, node: tree.Method) -> None:
    for parameter in node.parameters:
        scope.declare(parameter.name, get_type(scope, parameter.type, parameter.pos), parameter.pos)


def constructor_body(engine: Engine, cls: ApexClass, method: Method, node: tree.Method) -> None:
    """Give a constructor its body: its class's initialisers, super(...), the rest; or this(...) and the rest.

    So Salesforce's compiler writes it: a superclass's constructor that calls an overridden method finds the fields of the subclass
    initialised. It is the other way round where a class declares no constructor: see `default_constructor`.
    """

    def build() -> Callable[..., Value]:
        scope = Scope(engine, cls, False, VOID, "<init>", may_set_final=True, body_of="constructor")
        step = Step(_do_nothing, False)
        first: Run = _do_nothing
        initialise = _initialiser(engine, cls)
        try:
            _declare_parameters(scope, node)
            statements = node.body.statements if node.body is not None else []
            explicit = _explicit_constructor(statements)
            if explicit is not None:
                statements = statements[1:]
                first = marking(scope, evaluated(explicit), _chained(scope, explicit))
                initialise = _do_nothing if explicit.name.lower() == "this" else initialise
            else:
                first = implicit_super(scope, node.pos)
            step = sequence(scope, statements)
        except CompileProblem as problem:
            scope.problems.append(problem)
        if report(engine, scope):
            return failing(scope)
        place = f"Class.{cls.name}.<init>"
        run = marking(scope, (node.pos,), _in_turn(initialise, first, step.run))
        call = make_call(engine, run, len(node.parameters), scope.slots, place, static=False)
        return told_constructor(scope, method, node, node.pos, call)

    compile_lazily(engine, method, build)


def _explicit_constructor(statements: list[tree.Statement]) -> tree.Call | None:
    if not statements or not isinstance(statements[0], tree.ExpressionStatement):
        return None
    call = statements[0].expression
    is_chain = isinstance(call, tree.Call) and call.target is None and call.name.lower() in ("this", "super")
    return call if is_chain and isinstance(call, tree.Call) else None


def _chained(scope: Scope, call: tree.Call) -> Run:
    target = scope.cls if call.name.lower() == "this" else scope.cls.superclass
    scope.chaining = True
    args = arguments(scope, call.args)
    scope.chaining = False
    if target is None:
        raise CompileProblem(messages.NO_SUPER_TYPE.format(scope.cls.name), call.pos)
    if target.initialise_instance is None and target is not EXCEPTION:
        return _do_nothing
    candidates = constructors_of(target)
    found = resolve(candidates, args)
    if found is None:
        raise CompileProblem(messages.NO_CHAINED_CONSTRUCTOR.format(shown_types(args)), call.pos)
    method, runs = found
    check_constructor(scope, method, candidates, args, call.pos)
    line = scope.line(call.pos)

    def run(frame: Frame) -> None:
        frame[LINE] = line
        construct(target, method, frame[THIS], *[r(frame) for r in runs])

    return run


def implicit_super(scope: Scope, pos: int) -> Run:
    """The superclass's constructor without arguments."""
    superclass = scope.cls.superclass
    if superclass is None or superclass.initialise_instance is None:
        return _do_nothing
    found = resolve(constructors_of(superclass), [])
    if found is None:
        raise CompileProblem(messages.NO_DEFAULT_CONSTRUCTOR.format(superclass.name), pos)
    method, _ = found
    check_constructor_visible(scope, method, pos)
    return lambda frame: construct(superclass, method, frame[THIS])


def _initialiser(engine: Engine, cls: ApexClass) -> Run:
    """The instance initialisers of a class in place of its constructor's frame, whose part they are."""

    def run(frame: Frame) -> None:
        if cls.initialise_instance is not None:
            engine.stack.pop()
            try:
                cls.initialise_instance(frame[THIS])
            finally:
                engine.stack.append(frame)

    return run


def _in_turn(first: Run, second: Run, third: Run = _do_nothing) -> Run:
    def run(frame: Frame) -> None:
        first(frame)
        second(frame)
        third(frame)

    return run


def default_constructor(engine: Engine, cls: ApexClass, pos: int) -> Method:
    """The constructor of a class that declares none: the superclass's, then the initialisers."""
    method = Method(cls, cls.name, (), VOID, _nothing, access="public")

    def build() -> Callable[..., Value]:
        scope = Scope(engine, cls, False, VOID, "<init>")
        first: Run = _do_nothing
        try:
            first = implicit_super(scope, pos)
        except CompileProblem as problem:
            scope.problems.append(problem)
        if report(engine, scope):
            return failing(scope)
        run = _in_turn(first, _initialiser(engine, cls))
        call = make_call(engine, run, 0, scope.slots, f"Class.{cls.name}.<init>", static=False)
        return told_constructor(scope, method, None, pos, call)

    compile_lazily(engine, method, build)
    return method


def accessor_body(engine: Engine, method: Method, node: tree.Accessor, scope: Scope, value_slot: bool) -> None:
    """Give `get` or `set` its body."""

    def build() -> Callable[..., Value]:
        step = Step(_do_nothing, False)
        if node.body is not None:
            step = sequence(scope, node.body.statements)
        if node.kind == "get":
            check_end(scope, step, node.body.statements if node.body is not None else [], method.pos)
        if report(engine, scope):
            return failing(scope)
        place = f"Class.{scope.cls.name}.{scope.name}"
        run = marking(scope, (method.pos,), step.run)
        call = make_call(engine, run, int(value_slot), scope.slots, place, static=method.static)
        return told_accessor(scope, method, call)

    compile_lazily(engine, method, build)


def run_in_frame(engine: Engine, place: str, slots: int, this: Value, runs: list[tuple[int, Run]]) -> None:
    """Initialisers: several closures in one frame."""
    frame: Frame = [this, 0, None, place, *[None] * (slots - FIRST_LOCAL)]
    engine.stack.append(frame)
    try:
        for line, run in runs:
            frame[LINE] = line
            run(frame)
    except ApexThrow as error:
        engine.note_trace(error)
        raise
    finally:
        engine.stack.pop()
