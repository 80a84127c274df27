"""`switch on`. Source: "Switch Statements" (Apex Developer Guide)."""

from __future__ import annotations

from collections.abc import Callable

from orgtwin.apex.compile.expressions import expression
from orgtwin.apex.compile.names import get_type
from orgtwin.apex.compile.scope import Code, CompileProblem, Scope
from orgtwin.apex.compile.signals import Signal, Step
from orgtwin.apex.conversion import is_instance
from orgtwin.apex.syntax import tree
from orgtwin.apex.types import INTEGER, LONG, NULL, OBJECT, SOBJECT, STRING, Type, is_assignable
from orgtwin.apex.values import Frame, Run, Value

Block = Callable[[Scope, tree.Block], Step]
Sequence = Callable[[Scope, list[tree.Statement]], Step]
_BY_VALUE = frozenset((INTEGER, LONG, STRING))


def switch(scope: Scope, node: tree.Switch, block: Block, sequence: Sequence) -> Step:
    """Values are looked up, types are tried in order, `when else` takes the rest."""
    subject = expression(scope, node.subject)
    type_ = subject.type
    by_type = type_.is_sobject or type_ is OBJECT or (type_.cls is not None and not type_.is_enum)
    if type_ not in _BY_VALUE and not type_.is_enum and not by_type:
        raise CompileProblem(f"Illegal switch expression type: {type_.name}", node.pos)
    if not node.whens:
        raise CompileProblem("switch statement must have at least one when block", node.pos)
    cases: dict[Value, Run] = {}
    typed: list[tuple[Type, int, Run]] = []
    otherwise: Run | None = None
    ends = True
    for when in node.whens:
        if otherwise is not None:
            raise CompileProblem("'when else' must be the last 'when' block", when.pos)
        if when.type is not None and when.name is not None:
            row = _typed_when(scope, when, type_, sequence)
            typed.append(row[0])
            ends = ends and row[1]
            continue
        keys = [_key(scope, value, subject) for value in when.values]
        step = block(scope, when.body)
        ends = ends and step.ends
        if not when.values:
            otherwise = step.run
        for key, value in zip(keys, when.values, strict=True):
            if key in cases:
                raise CompileProblem(f"Duplicate when value: {key if key is not None else 'null'}", value.pos)
            cases[key] = step.run
    run = _dispatch(subject.run, cases, typed, otherwise)
    return Step(run, ends and otherwise is not None)


def _typed_when(scope: Scope, when: tree.When, subject: Type, sequence: Sequence) -> tuple[tuple[Type, int, Run], bool]:
    if when.type is None or when.name is None:
        raise CompileProblem("Invalid when value", when.pos)
    type_ = get_type(scope, when.type)
    if not is_assignable(type_, subject) and subject is not SOBJECT and not is_assignable(subject, type_):
        raise CompileProblem(f"When type {type_.name} is not a subtype of {subject.name}", when.pos)
    scope.blocks.append({})
    slot = scope.declare(when.name, type_, when.pos)
    step = sequence(scope, when.body.statements)
    scope.blocks.pop()
    return (type_, slot, step.run), step.ends


def _key(scope: Scope, value: tree.Expression, subject: Code) -> Value:
    type_ = subject.type
    if type_.is_enum and isinstance(value, tree.Name) and type_.cls is not None:
        constant = type_.cls.constants.get(value.name.lower())
        if constant is None:
            raise CompileProblem(f"Invalid enum value: {value.name}", value.pos)
        return constant
    code = expression(scope, value)
    if code.type is not NULL and not is_assignable(code.type, type_):
        raise CompileProblem(f"Incompatible types in when: {code.type.name}, {type_.name}", value.pos)
    if isinstance(value, tree.Literal):
        return value.value
    try:
        return code.run([None] * 8)
    except (TypeError, IndexError, AttributeError) as error:
        raise CompileProblem("When value must be a literal", value.pos) from error


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
