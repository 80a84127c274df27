"""`switch on`. Source: "Switch Statements" (Apex Developer Guide)."""

from __future__ import annotations

from collections.abc import Callable

from orgtwin.apex.compile import messages
from orgtwin.apex.compile.expressions import expression
from orgtwin.apex.compile.identifiers import check_name
from orgtwin.apex.compile.names import find_variable, get_type
from orgtwin.apex.compile.scope import Code, CompileProblem, Scope
from orgtwin.apex.compile.signals import Signal, Step
from orgtwin.apex.conversion import is_instance
from orgtwin.apex.syntax import tree
from orgtwin.apex.types import INTEGER, LONG, NULL, SOBJECT, STRING, Kind, Type, is_assignable
from orgtwin.apex.values import EnumConstant, Frame, Run, Value

Block = Callable[[Scope, tree.Block], Step]
Sequence = Callable[[Scope, list[tree.Statement]], Step]
_SWITCHED = frozenset((INTEGER, LONG, STRING, SOBJECT))


def switch(scope: Scope, node: tree.Switch, block: Block, sequence: Sequence) -> Step:
    """Values are looked up, types are tried in order, `when else` takes the rest."""
    subject = expression(scope, node.subject)
    type_ = subject.type
    if type_ not in _SWITCHED and not type_.is_enum and type_.kind is not Kind.REFUSED:
        raise CompileProblem(messages.SWITCH_TYPE.format(type_.name), node.subject.pos)
    if not node.whens:
        raise CompileProblem(messages.SWITCH_EMPTY, node.pos)
    cases: dict[Value, Run] = {}
    typed: list[tuple[Type, int, Run]] = []
    otherwise: Run | None = None
    ends = True
    for when in node.whens:
        if otherwise is not None:
            raise CompileProblem(messages.ELSE_NOT_LAST, node.pos)
        if when.type is not None and when.name is not None:
            row = _typed_when(scope, when, type_, sequence)
            if any(seen is row[0][0] for seen, _, _ in typed):
                raise CompileProblem(messages.WHEN_TWICE.format(row[0][0].name), when.pos)
            typed.append(row[0])
            ends = ends and row[1]
            continue
        keys = [_key(scope, value, subject, node.pos) for value in when.values]
        step = block(scope, when.body)
        ends = ends and step.ends
        if not when.values:
            otherwise = step.run
        for key in keys:
            if key in cases:
                raise CompileProblem(messages.WHEN_TWICE.format(_shown(key)), node.pos)
            cases[key] = step.run
    run = _dispatch(subject.run, cases, typed, otherwise)
    return Step(run, ends and otherwise is not None)


def _shown(key: Value) -> str:
    if isinstance(key, EnumConstant):
        return key.name
    return "null" if key is None else str(key)


def _typed_when(scope: Scope, when: tree.When, subject: Type, sequence: Sequence) -> tuple[tuple[Type, int, Run], bool]:
    if when.type is None or when.name is None:
        raise AssertionError("a when with a type has a variable")
    type_ = get_type(scope, when.type, when.pos)
    if not is_assignable(type_, subject) and not is_assignable(subject, type_):
        raise CompileProblem(messages.WHEN_VALUE.format(type_.name, subject.name), when.pos)
    with scope.inner():
        slot = scope.declare(when.name, type_, when.pos)
        check_name(when.name, when.pos)
        step = sequence(scope, when.body.statements)
    return (type_, slot, step.run), step.ends


def _key(scope: Scope, value: tree.Expression, subject: Code, pos: int) -> Value:
    type_ = subject.type
    if type_.is_enum and type_.cls is not None:
        if isinstance(value, tree.Name):
            constant = type_.cls.constants.get(value.name.lower())
            if constant is None:
                raise CompileProblem(messages.NO_VARIABLE.format(value.name), value.pos)
            return constant
        if isinstance(value, tree.FieldAccess):
            raise CompileProblem(messages.WHEN_QUALIFIED, value.pos)
    if isinstance(value, tree.Name):
        known = find_variable(scope, value.name) is not None
        text = messages.WHEN_ENUM if known else messages.NO_VARIABLE.format(value.name)
        raise CompileProblem(text, value.pos)
    if not _is_constant(value):
        raise CompileProblem(messages.WHEN_LITERAL.format(_text_of(value)), value.pos)
    code = expression(scope, value)
    if code.type is not NULL and type_ is SOBJECT:
        raise CompileProblem(messages.WHEN_SOBJECT, pos)
    if code.type is not NULL and not is_assignable(code.type, type_):
        raise CompileProblem(messages.WHEN_VALUE.format(code.type.name, type_.name), pos)
    if isinstance(value, tree.Literal):
        return value.value
    return code.run([None] * 8)


def _is_constant(value: tree.Expression) -> bool:
    """A literal or a negative one."""
    if isinstance(value, tree.Unary):
        return value.op == "-" and isinstance(value.operand, tree.Literal)
    return isinstance(value, tree.Literal)


def _text_of(value: tree.Expression) -> str:
    return value.name if isinstance(value, (tree.Name, tree.FieldAccess, tree.Call)) else type(value).__name__


def _dispatch(subject: Run, cases: dict[Value, Run], typed: list[tuple[Type, int, Run]], otherwise: Run | None) -> Run:
    def run(frame: Frame) -> Signal:
        value = subject(frame)
        chosen = cases.get(value)
        if chosen is not None:
            return chosen(frame)
        for type_, slot, body in typed:
            if is_instance(value, type_):
                frame[slot] = value
                return body(frame)
        return otherwise(frame) if otherwise is not None else None

    return run
