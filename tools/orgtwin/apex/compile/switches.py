"""`switch on`. Source: "Switch Statements" (Apex Developer Guide)."""

from __future__ import annotations

from collections.abc import Callable

from orgtwin.apex.compile import messages
from orgtwin.apex.compile.coverable import evaluated, marking
from orgtwin.apex.compile.expressions import expression
from orgtwin.apex.compile.names import dotted_name, find_type, find_variable, get_type
from orgtwin.apex.compile.scope import CompileProblem, Scope
from orgtwin.apex.compile.signals import Signal, Step
from orgtwin.apex.conversion import is_instance
from orgtwin.apex.syntax import tree
from orgtwin.apex.types import INTEGER, LONG, NULL, SOBJECT, STRING, Kind, Type, is_assignable
from orgtwin.apex.values import EnumConstant, Frame, Run, Value

Block = Callable[[Scope, tree.Block], Step]
Sequence = Callable[[Scope, list[tree.Statement]], Step]
_Typed = tuple[Type, int, Run]
_SWITCHED = frozenset((INTEGER, LONG, STRING, SOBJECT))


def switch(scope: Scope, node: tree.Switch, block: Block, sequence: Sequence) -> Step:
    """Values are looked up, types are tried in order, `when else` takes the rest. Each when is checked, whatever another says.

    The lines of the whens above the one that is chosen have run as well: ASSUMED, as they are tried in order.
    """
    if not node.whens:
        scope.note(messages.SWITCH_EMPTY, node.pos)
    subject = expression(scope, node.subject)
    type_ = subject.type
    if type_ not in _SWITCHED and not type_.is_enum and type_.kind is not Kind.REFUSED:
        raise CompileProblem(messages.SWITCH_TYPE.format(type_.name), node.subject.pos)
    elses = [when for when in node.whens if when.type is None and not when.values]
    if elses and elses[0] is not node.whens[-1]:
        scope.note(messages.ELSE_NOT_LAST, node.pos)
    cases: dict[Value, Run] = {}
    typed: list[_Typed] = []
    steps: list[Step] = []
    tested: list[int] = []
    for when in node.whens:
        if when.type is not None and when.name is not None:
            with scope.noting():
                tested.append(when.pos)
                steps.append(_typed_when(scope, when, type_, typed, sequence, tested))
            continue
        keys = [_key(scope, value, type_, node.pos) for value in when.values]
        step = block(scope, when.body)
        steps.append(step)
        tested += [place for value in when.values for place in evaluated(value)]
        told = [key for key, value in zip(keys, when.values, strict=True) if type_ is not SOBJECT or _is_null(value)]
        _note_twice(scope, cases, told, type_, node.pos)
        cases.update(dict.fromkeys(keys, marking(scope, tested, step.run)))
    otherwise = marking(scope, tested, steps[-1].run if elses and steps else _nothing)
    run = _dispatch(subject.run, cases, typed, otherwise)
    return Step(run, all(step.ends for step in steps) and bool(elses and steps))


def _nothing(frame: Frame) -> Signal:
    return None


def _note_twice(scope: Scope, cases: dict[Value, Run], keys: list[Value], type_: Type, pos: int) -> None:
    for n, key in enumerate(keys):
        if key in cases or key in keys[:n]:
            scope.note(messages.WHEN_TWICE.format(_shown(key, type_)), pos)


def _shown(key: Value, type_: Type) -> str:
    if isinstance(key, EnumConstant):
        return key.name
    if key is None:
        return "NULL" if type_ is SOBJECT else "null"
    return str(key)


def _typed_when(
    scope: Scope, when: tree.When, subject: Type, typed: list[_Typed], sequence: Sequence, tested: list[int]
) -> Step:
    """`when Account a { }`: of an SObject, and another type each."""
    if when.type is None or when.name is None:
        raise AssertionError("a when with a type has a variable")
    if subject is not SOBJECT and subject.kind is not Kind.REFUSED:
        scope.note(messages.WHEN_VARIABLE.format(subject.name), when.pos)
    type_ = get_type(scope, when.type, when.pos)
    if subject is SOBJECT and type_ is SOBJECT:
        scope.note(messages.WHEN_ALWAYS.format(type_.name), when.pos)
    elif subject is SOBJECT and not type_.is_sobject and type_.kind is not Kind.REFUSED:
        scope.note(messages.WHEN_VALUE.format(type_.name, subject.name), when.pos)
    if subject is SOBJECT and any(seen is type_ for seen, _, _ in typed):
        scope.note(messages.WHEN_TWICE.format(type_.name), when.pos)
    with scope.inner():
        slot = scope.declare(when.name, type_, when.pos, may_be_hidden=True)
        with scope.inner():
            step = sequence(scope, when.body.statements)
    typed.append((type_, slot, marking(scope, tested, step.run)))
    return step


def _key(scope: Scope, value: tree.Expression, type_: Type, pos: int) -> Value:
    """The value of a when; null where it has none, which is told."""
    if isinstance(value, tree.Name):
        return _named(scope, value, type_)
    if isinstance(value, tree.FieldAccess):
        return _qualified(scope, value)
    code = None
    with scope.noting():
        code = expression(scope, value)
    if code is not None and code.type is not NULL:
        if type_ is SOBJECT:
            scope.note(messages.WHEN_SOBJECT, pos)
        elif not is_assignable(code.type, type_):
            scope.note(messages.WHEN_VALUE.format(code.type.name, type_.name), pos)
    if code is None or not _is_constant(value):
        scope.note(messages.WHEN_LITERAL, value.pos)
        return None
    return code.run([None] * 8)


def _named(scope: Scope, value: tree.Name, type_: Type) -> Value:
    constant = type_.cls.constants.get(value.name.lower()) if type_.is_enum and type_.cls is not None else None
    if constant is None:
        variable = None if type_.is_enum else find_variable(scope, value.name)
        is_static = variable is not None and variable.static
        scope.note(messages.WHEN_ENUM if is_static else messages.NO_VARIABLE.format(value.name), value.pos)
    return constant


def _qualified(scope: Scope, value: tree.FieldAccess) -> Value:
    dotted = dotted_name(value.target)
    owner = find_type(scope, dotted) if dotted is not None else None
    cls = owner.cls if owner is not None else None
    constant = cls.constants.get(value.name.lower()) if cls is not None else None
    if constant is not None:
        scope.note(messages.WHEN_QUALIFIED, value.pos)
    elif cls is not None and cls.find_static(value.name) is not None:
        scope.note(messages.WHEN_ENUM, value.pos)
    else:
        scope.note(messages.NO_VARIABLE.format(value.name), value.pos)
    return constant


def _is_null(value: tree.Expression) -> bool:
    return isinstance(value, tree.Literal) and value.kind == "null"


def _is_constant(value: tree.Expression) -> bool:
    """A literal, or a number with signs."""
    while isinstance(value, tree.Unary) and value.op in ("-", "+"):
        value = value.operand
    return isinstance(value, tree.Literal)


def _dispatch(subject: Run, cases: dict[Value, Run], typed: list[_Typed], otherwise: Run) -> Run:
    def run(frame: Frame) -> Signal:
        value = subject(frame)
        chosen = cases.get(value)
        if chosen is not None:
            return chosen(frame)
        for type_, slot, body in typed:
            if is_instance(value, type_):
                frame[slot] = value
                return body(frame)
        return otherwise(frame)

    return run
