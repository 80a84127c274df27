"""Assignments and steps: `a = b`, `a += b`, `++a`, `a--`. Adds its rows to the expressions."""

from __future__ import annotations

from orgtwin.apex.compile import messages, operators
from orgtwin.apex.compile.expressions import EXPRESSIONS, assigned, expression, fitted, unary
from orgtwin.apex.compile.scope import Code, CompileProblem, Origin, Scope
from orgtwin.apex.compile.targets import target as find_target
from orgtwin.apex.conversion import implicit_conversion
from orgtwin.apex.faults import null_pointer
from orgtwin.apex.syntax import tree
from orgtwin.apex.types import INTEGER, NUMERIC_RANK, Kind
from orgtwin.apex.values import Frame, Run, Value, wrap32

_STEPS = frozenset(("++", "--"))


def _prefix(scope: Scope, node: tree.Unary) -> Code:
    return _step(scope, node.operand, node.op, node.pos, before=True) if node.op in _STEPS else unary(scope, node)


def _postfix(scope: Scope, node: tree.Postfix) -> Code:
    return _step(scope, node.operand, node.op, node.pos, before=False)


def _step(scope: Scope, operand: tree.Expression, op: str, pos: int, *, before: bool) -> Code:
    """`++x`, `x++` and their like."""
    place = find_target(scope, operand, reads=True)
    if place.type not in NUMERIC_RANK and place.type.kind is not Kind.REFUSED:
        prefix = messages.PREFIX_INCREMENT if op == "++" else messages.PREFIX_DECREMENT
        raise CompileProblem((prefix if before else messages.POSTFIX).format(place.type.name), pos)
    held: list[Value] = []
    stepped = operators.binary(op[0], Code(lambda frame: held[-1], place.type), Code(lambda frame: 1, INTEGER), pos)
    conversion = implicit_conversion(stepped.type, place.type)
    compute = stepped.run
    locate, load, store, again = place.locate, place.load, place.store, place.again

    def run(frame: Frame) -> Value:
        at = locate(frame)
        old = load(at)
        held.append(old)
        try:
            new = compute(frame)
        finally:
            held.pop()
        store(at if again is None else again(frame), new if conversion is None else conversion(new))
        return new if before else old

    if place.local is not None and place.type is INTEGER:
        return Code(_step_local(place.local, 1 if op == "++" else -1, before), INTEGER)
    return Code(run, place.type, Origin.STEP)


def _step_local(slot: int, amount: int, before: bool) -> Run:
    def run(frame: Frame) -> int:
        old = frame[slot]
        if old is None:
            raise null_pointer()
        new = old + amount
        if not -0x80000000 <= new <= 0x7FFFFFFF:
            new = wrap32(new)
        frame[slot] = new
        return int(new if before else old)

    return run


def _assign(scope: Scope, node: tree.Assign) -> Code:
    """`a.b = c` asks for `c` before `a`, `a.b += c` for `a.b` before `c`: as Salesforce's compiler has them."""
    place = find_target(scope, node.target, reads=node.op != "=")
    locate, load, store = place.locate, place.load, place.store
    if node.op == "=":
        value = assigned(scope, node.value, place.type, node.pos)
        if place.local is not None:
            return Code(_assign_local(place.local, value), place.type)

        def run(frame: Frame) -> Value:
            given = value(frame)
            store(locate(frame), given)
            return given

        return Code(run, place.type)
    held: list[Value] = []
    compound = operators.binary(
        node.op[:-1], Code(lambda frame: held[-1], place.type), expression(scope, node.value), node.pos
    )
    result = fitted(compound, place.type, node.pos)
    again = place.again

    def run_compound(frame: Frame) -> Value:
        at = locate(frame)
        held.append(load(at))
        try:
            given = result(frame)
        finally:
            held.pop()
        store(at if again is None else again(frame), given)
        return given

    return Code(run_compound, place.type)


def _assign_local(slot: int, value: Run) -> Run:
    def run(frame: Frame) -> Value:
        given = frame[slot] = value(frame)
        return given

    return run


EXPRESSIONS[tree.Assign] = _assign
EXPRESSIONS[tree.Postfix] = _postfix
EXPRESSIONS[tree.Unary] = _prefix
