"""Operators. Source: "Expression Operators" (Apex Developer Guide): which operands go together, what null does, what overflows."""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from orgtwin.apex import context
from orgtwin.apex.compile import messages
from orgtwin.apex.compile.scope import Code, CompileProblem, Origin
from orgtwin.apex.conversion import cast, implicit_conversion
from orgtwin.apex.faults import null_pointer
from orgtwin.apex.heap import COPY, LARGE, SEARCH, SHORT
from orgtwin.apex.library.units import together
from orgtwin.apex.numbers import (
    add_decimals,
    divide_decimal,
    divide_double,
    divide_integer,
    divide_long,
    equal_numbers,
    multiply_decimal,
    subtract_decimals,
    to_decimal,
)
from orgtwin.apex.records import to_id
from orgtwin.apex.text import concatenated
from orgtwin.apex.types import (
    BOOLEAN,
    DATE,
    DATETIME,
    DECIMAL,
    DOUBLE,
    ID,
    INTEGER,
    LONG,
    NULL,
    NUMERIC_RANK,
    OBJECT,
    STRING,
    TIME,
    VOID,
    Kind,
    Type,
    is_assignable,
)
from orgtwin.apex.values import Frame, Run, Value, wrap32, wrap64

Operation = Callable[[Value, Value], Value]


def _checked(compute: Callable[[Value, Value], Value], finish: Callable[[Value], Value]) -> Operation:
    def run(a: Value, b: Value) -> Value:
        if a is None or b is None:
            raise null_pointer()
        return finish(compute(a, b))

    return run


def _same(value: Value) -> Value:
    return value


def _shift_left(bits: int) -> Operation:
    return lambda a, b: a << (b & bits - 1)


def _shift_right(bits: int) -> Operation:
    return lambda a, b: a >> (b & bits - 1)


def _shift_unsigned(bits: int) -> Operation:
    return lambda a, b: (a & (1 << bits) - 1) >> (b & bits - 1)


_INTEGER_OPERATIONS: dict[str, Operation] = {
    "+": _checked(operator.add, wrap32),
    "-": _checked(operator.sub, wrap32),
    "*": _checked(operator.mul, wrap32),
    "/": divide_integer,
    "&": _checked(operator.and_, _same),
    "|": _checked(operator.or_, _same),
    "^": _checked(operator.xor, _same),
    "<<": _checked(_shift_left(32), wrap32),
    ">>": _checked(_shift_right(32), _same),
    ">>>": _checked(_shift_unsigned(32), wrap32),
}
_LONG_OPERATIONS: dict[str, Operation] = {
    "+": _checked(operator.add, wrap64),
    "-": _checked(operator.sub, wrap64),
    "*": _checked(operator.mul, wrap64),
    "/": divide_long,
    "&": _checked(operator.and_, wrap64),
    "|": _checked(operator.or_, wrap64),
    "^": _checked(operator.xor, wrap64),
    "<<": _checked(_shift_left(64), wrap64),
    ">>": _checked(_shift_right(64), wrap64),
    ">>>": _checked(_shift_unsigned(64), wrap64),
}
_DOUBLE_OPERATIONS: dict[str, Operation] = {
    "+": _checked(operator.add, float),
    "-": _checked(operator.sub, float),
    "*": _checked(operator.mul, float),
    "/": divide_double,
}
_DECIMAL_OPERATIONS: dict[str, Operation] = {
    "+": _checked(add_decimals, _same),
    "-": _checked(subtract_decimals, _same),
    "*": multiply_decimal,
    "/": divide_decimal,
}
_NUMERIC_OPERATIONS: dict[Type, dict[str, Operation]] = {
    INTEGER: _INTEGER_OPERATIONS,
    LONG: _LONG_OPERATIONS,
    DOUBLE: _DOUBLE_OPERATIONS,
    DECIMAL: _DECIMAL_OPERATIONS,
}
_ARITHMETIC = frozenset(("+", "-", "*", "/"))
_BITWISE = frozenset(("&", "|", "^"))
_SHIFTS = frozenset(("<<", ">>", ">>>"))
_EQUALITY = frozenset(("==", "!=", "<>", "===", "!=="))
_ORDERINGS: dict[str, Callable[[Value, Value], bool]] = {
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}


def converted(code: Code, target: Type) -> Run:
    """The closure of a value that has been converted to the target type."""
    conversion = implicit_conversion(code.type, target)
    if conversion is None:
        return code.run
    run = code.run
    convert = conversion
    return lambda frame: convert(run(frame))


def apply(run_a: Run, run_b: Run, operation: Operation) -> Run:
    return lambda frame: operation(run_a(frame), run_b(frame))


def _apply_unboxed(run_a: Run, run_b: Run, operation: Operation) -> Run:
    """Integers, Longs, Doubles and Booleans: null on the left is missed before the right runs, as in Salesforce's class files."""

    def run(frame: Frame) -> Value:
        a = run_a(frame)
        if a is None:
            raise null_pointer()
        return operation(a, run_b(frame))

    return run


def _concatenated_run(code: Code) -> Run:
    """A step of another number than an Integer is joined to a text as an Integer: so Salesforce's compiler has it."""
    narrow = cast(code.type, INTEGER) if code.origin is Origin.STEP and code.type is not INTEGER else None
    run = code.run
    return run if narrow is None else lambda frame: narrow(run(frame))


def _concatenate(left: Code, right: Code) -> Code:
    run_a, run_b = _concatenated_run(left), _concatenated_run(right)

    def run(frame: Frame) -> str:
        a = run_a(frame)
        b = run_b(frame)
        result = (a if type(a) is str else concatenated(a)) + (b if type(b) is str else concatenated(b))
        if not result.isascii():
            result = together(result)
        if len(result) > SHORT:
            engine = context.engine()
            engine.note_allocation(len(result))
            engine.spend(len(result) >> COPY)
        return result

    return Code(run, STRING)


def _days(value: Value) -> timedelta:
    return timedelta(days=float(value) if isinstance(value, Decimal) else value)


def _shift_date(sign: int) -> Operation:
    def run(a: date | None, b: Value) -> date:
        if a is None or b is None:
            raise null_pointer()
        return a + sign * timedelta(days=int(b))

    return run


def _shift_datetime(sign: int) -> Operation:
    def run(a: datetime | None, b: Value) -> datetime:
        if a is None or b is None:
            raise null_pointer()
        return a + sign * _days(b)

    return run


def _shift_time(sign: int) -> Operation:
    def run(a: time | None, b: Value) -> time:
        if a is None or b is None:
            raise null_pointer()
        millis = ((a.hour * 60 + a.minute) * 60 + a.second) * 1000 + a.microsecond // 1000
        shifted = (millis + sign * int(b)) % 86_400_000
        seconds, milli = divmod(shifted, 1000)
        return time(seconds // 3600, seconds // 60 % 60, seconds % 60, milli * 1000)

    return run


_TEMPORAL: dict[tuple[Type, str], Operation] = {
    (DATE, "+"): _shift_date(1),
    (DATE, "-"): _shift_date(-1),
    (DATETIME, "+"): _shift_datetime(1),
    (DATETIME, "-"): _shift_datetime(-1),
    (TIME, "+"): _shift_time(1),
    (TIME, "-"): _shift_time(-1),
}


def binary(op: str, left: Code, right: Code, pos: int) -> Code:
    """The code of `left op right`. Raises CompileProblem for operands that do not go together."""
    if Kind.REFUSED in (left.type.kind, right.type.kind):
        return Code(
            apply(left.run, right.run, _same_refused), BOOLEAN if op in _EQUALITY | set(_ORDERINGS) else left.type
        )
    if op in _EQUALITY:
        return _equality(op, left, right, pos)
    if op in _ORDERINGS:
        return _ordering(op, left, right, pos)
    if op in _ARITHMETIC and VOID in (left.type, right.type):
        raise CompileProblem(messages.VOID_ARITHMETIC, pos)
    if op == "+" and STRING in (left.type, right.type):
        return _concatenate(left, right)
    if op in _BITWISE and left.type is right.type is BOOLEAN:
        both = _checked(getattr(operator, _BOOLEAN_NAMES[op]), bool)
        return Code(_apply_unboxed(left.run, right.run, both), BOOLEAN)
    _check_bits(op, left.type, right.type, pos)
    if op in _SHIFTS:
        return Code(_apply_unboxed(left.run, right.run, _NUMERIC_OPERATIONS[left.type][op]), left.type)
    temporal = _TEMPORAL.get((left.type, op))
    if temporal is not None:
        allowed, message = _TEMPORAL_OPERANDS[left.type]
        if right.type not in allowed:
            raise CompileProblem(messages.ARITHMETIC if right.type is STRING else message, pos)
        return Code(apply(left.run, right.run, temporal), left.type)
    return _numeric(op, left, right, pos)


def _same_refused(a: Value, b: Value) -> bool:
    """What comparing a value that the twin never makes would give; making it was refused before."""
    return a is b


_TEMPORAL_OPERANDS: dict[Type, tuple[tuple[Type, ...], str]] = {
    DATE: ((INTEGER, LONG), messages.DATE_OPERAND),
    TIME: ((INTEGER, LONG), messages.TIME_OPERAND),
    DATETIME: ((INTEGER, DOUBLE, DECIMAL), messages.DATETIME_OPERAND),
}


def _check_bits(op: str, left: Type, right: Type, pos: int) -> None:
    if op in _SHIFTS | _BITWISE and not (left in (INTEGER, LONG) and right in (INTEGER, LONG)):
        raise CompileProblem((messages.SHIFT if op in _SHIFTS else messages.BITWISE).format(op), pos)


_BOOLEAN_NAMES = {"&": "and_", "|": "or_", "^": "xor"}


def _numeric(op: str, left: Code, right: Code, pos: int) -> Code:
    if left.type not in NUMERIC_RANK or right.type not in NUMERIC_RANK:
        raise CompileProblem(messages.ARITHMETIC, pos)
    type_ = max(left.type, right.type, key=NUMERIC_RANK.__getitem__)
    operation = _NUMERIC_OPERATIONS[type_].get(op)
    if operation is None:
        raise CompileProblem(messages.ARITHMETIC, pos)
    if type_ is INTEGER and op in ("+", "-"):
        return Code(_fast_integer(op, left.run, right.run), INTEGER)
    joined = apply if type_ is DECIMAL else _apply_unboxed
    return Code(joined(converted(left, type_), converted(right, type_), operation), type_)


def _fast_integer(op: str, run_a: Run, run_b: Run) -> Run:
    """Sums and differences of Integers are what loops are made of."""

    def add(frame: Frame) -> int:
        a = run_a(frame)
        if a is None:
            raise null_pointer()
        b = run_b(frame)
        if b is None:
            raise null_pointer()
        result: int = a + b
        return result if -0x80000000 <= result <= 0x7FFFFFFF else wrap32(result)

    def subtract(frame: Frame) -> int:
        a = run_a(frame)
        if a is None:
            raise null_pointer()
        b = run_b(frame)
        if b is None:
            raise null_pointer()
        result: int = a - b
        return result if -0x80000000 <= result <= 0x7FFFFFFF else wrap32(result)

    return add if op == "+" else subtract


def _ordering(op: str, left: Code, right: Code, pos: int) -> Code:
    compare = _ORDERINGS[op]
    a, b = left.type, right.type
    if a in NUMERIC_RANK and b in NUMERIC_RANK:
        if {a, b} == {DOUBLE, DECIMAL}:
            return Code(_ordered(converted(left, DECIMAL), converted(right, DECIMAL), compare), BOOLEAN)
        return Code(_ordered(left.run, right.run, compare), BOOLEAN)
    if {a, b} == {STRING, ID}:
        return Code(apply(converted(left, ID), converted(right, ID), _string_ordering(op)), BOOLEAN)
    if a in (STRING, ID) and a is b:
        return Code(apply(left.run, right.run, _string_ordering(op)), BOOLEAN)
    if {a, b} == {DATE, DATETIME}:
        return Code(_ordered(converted(left, DATETIME), converted(right, DATETIME), compare), BOOLEAN)
    if a in _ORDERED and a is b:
        return Code(_ordered(left.run, right.run, compare), BOOLEAN)
    if NULL in (a, b) or not _comparable(a, b):
        raise CompileProblem(messages.COMPARISON.format(a.name, b.name), pos)
    raise CompileProblem(messages.INEQUALITY.format(_wider(a, b).name), pos)


_ORDERED = frozenset((DATE, DATETIME, TIME))


def _ordered(run_a: Run, run_b: Run, compare: Callable[[Value, Value], bool]) -> Run:
    def run(frame: Frame) -> bool:
        a = run_a(frame)
        b = run_b(frame)
        return a is not None and b is not None and compare(a, b)

    return run


def _string_ordering(op: str) -> Operation:
    """Without case; any text is greater than null."""
    compare = _ORDERINGS[op]

    def run(a: str | None, b: str | None) -> bool:
        if a is None or b is None:
            return compare(a is not None, b is not None)
        if len(a) > LARGE:
            context.spend(len(a) >> SEARCH)
        return compare(a.lower(), b.lower())

    return run


def equal_text(a: str | None, b: str | None) -> bool:
    """`==` of two Strings: without case."""
    if a is b:
        return True
    if a is None or b is None:
        return False
    if len(a) > LARGE:
        context.spend(len(a) >> SEARCH)
    return a == b or a.lower() == b.lower()


def equal_id(a: str | None, b: str | None) -> bool:
    """`==` with an Id on one side: 15 and 18 characters alike."""
    if a is None or b is None:
        return a is b
    return to_id(a) == to_id(b)


def _equal(a: Value, b: Value) -> bool:
    return bool(a == b)


_NUMBERS = (int, float, Decimal)


def _equal_objects(a: Value, b: Value) -> bool:
    if isinstance(a, str) and isinstance(b, str):
        return equal_text(a, b)
    if isinstance(a, bool) != isinstance(b, bool):
        return False
    if isinstance(a, _NUMBERS) and isinstance(b, _NUMBERS):
        return equal_numbers(a, b)
    return bool(a == b)


def identical(a: Value, b: Value) -> bool:
    """`===`: the same object; primitive values by value, Strings with case. ASSUMED, from public tests: dates by identity."""
    return a is b or (type(a) is type(b) and isinstance(a, _BY_VALUE) and a == b)


_BY_VALUE = (str, int, float, Decimal, bytes)


def _equality(op: str, left: Code, right: Code, pos: int) -> Code:
    negated = op in ("!=", "<>", "!==")
    if op in ("===", "!=="):
        _check_references(left.type, right.type, pos)
        same = identical
        if negated:
            return Code(apply(left.run, right.run, lambda a, b: not same(a, b)), BOOLEAN)
        return Code(apply(left.run, right.run, same), BOOLEAN)
    a, b = left.type, right.type
    if not _comparable(a, b):
        raise CompileProblem(messages.COMPARISON.format(a.name, b.name), pos)
    if NULL in (a, b):
        return _null_test(right if a is NULL else left, negated)
    run_a, run_b, equal = _equality_of(left, right)
    if negated:
        return Code(apply(run_a, run_b, lambda x, y: not equal(x, y)), BOOLEAN)
    return Code(apply(run_a, run_b, equal), BOOLEAN)


def _check_references(a: Type, b: Type, pos: int) -> None:
    if NULL in (a, b) or not _comparable(a, b):
        raise CompileProblem(messages.COMPARISON.format(a.name, b.name), pos)
    if OBJECT not in (a, b) and a.kind is Kind.PRIMITIVE:
        raise CompileProblem(messages.EXACT_EQUALITY.format(_wider(a, b).name), pos)


def _wider(a: Type, b: Type) -> Type:
    """The type that both are compared as."""
    if a in NUMERIC_RANK and b in NUMERIC_RANK:
        return max(a, b, key=NUMERIC_RANK.__getitem__)
    if ID in (a, b) and OBJECT not in (a, b):
        return ID
    return b if is_assignable(a, b) else a


def _equality_of(left: Code, right: Code) -> tuple[Run, Run, Callable[[Value, Value], bool]]:
    a, b = left.type, right.type
    if ID in (a, b) and a in (ID, STRING) and b in (ID, STRING):
        return left.run, right.run, equal_id
    if a is STRING and b is STRING:
        return left.run, right.run, equal_text
    if a in NUMERIC_RANK and b in NUMERIC_RANK:
        if {a, b} == {DOUBLE, DECIMAL}:
            return converted(left, DECIMAL), converted(right, DECIMAL), _equal
        return left.run, right.run, _equal
    if {a, b} == {DATE, DATETIME}:
        return converted(left, DATETIME), converted(right, DATETIME), _equal
    if OBJECT in (a, b):
        return left.run, right.run, _equal_objects
    return left.run, right.run, _equal


def _null_test(code: Code, negated: bool) -> Code:
    run = code.run
    if negated:
        return Code(lambda frame: run(frame) is not None, BOOLEAN)
    return Code(lambda frame: run(frame) is None, BOOLEAN)


def _comparable(a: Type, b: Type) -> bool:
    if a in NUMERIC_RANK and b in NUMERIC_RANK:
        return True
    return a is b or is_assignable(a, b) or is_assignable(b, a)


def negate(code: Code, pos: int) -> Code:
    """`-x`."""
    if code.type not in NUMERIC_RANK:
        raise CompileProblem(messages.MINUS, pos)
    zero: Value = {INTEGER: 0, LONG: 0, DOUBLE: 0.0, DECIMAL: to_decimal(0)}[code.type]
    if code.type is DOUBLE:
        run = code.run
        return Code(lambda frame: _minus(run(frame)), DOUBLE)
    operation = _NUMERIC_OPERATIONS[code.type]["-"]
    run = code.run
    return Code(lambda frame: operation(zero, run(frame)), code.type)


def _minus(value: float | None) -> float:
    if value is None:
        raise null_pointer()
    return -value


def complement(code: Code, pos: int) -> Code:
    """`~x`."""
    if code.type not in (INTEGER, LONG):
        raise CompileProblem(messages.COMPLEMENT.format(code.type.name), pos)
    run = code.run
    finish = wrap64 if code.type is LONG else wrap32

    def inverted(frame: Frame) -> int:
        value = run(frame)
        if value is None:
            raise null_pointer()
        return finish(~value)

    return Code(inverted, code.type)
