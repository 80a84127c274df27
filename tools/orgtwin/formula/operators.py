"""What the operators do to values, and to which types they apply.

Null follows the database ("Oracle three-value semantics" in the vendor's engine): arithmetic and comparison with a blank number or
date give null, which a condition takes for false; blank text is the empty text and compares like it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from typing import Any

from orgtwin.formula.errors import FormulaEvaluationError
from orgtwin.formula.types import FormulaType as T
from orgtwin.records.model import Value

EXACT = Context(prec=39, rounding=ROUND_HALF_UP, traps=[InvalidOperation, DivisionByZero, Overflow])
_DAY = 86_400_000
_LONGEST_EXPONENT = 1000

Binary = Callable[[Value, Value], Value]


def plus(left: Value, right: Value) -> Value:
    """Number + Number, Date + Number (whole days), DateTime + Number (days), Time + Number (milliseconds), Text + Text."""
    if isinstance(left, str) or isinstance(right, str):
        return concatenate(left, right)
    if left is None or right is None:
        return None
    if isinstance(left, Decimal) and isinstance(right, Decimal):
        return EXACT.add(left, right)
    if isinstance(left, Decimal):
        left, right = right, left
    return _shift(left, right, 1)


def nothing(_left: Value, _right: Value) -> Value:
    """NULL plus or minus anything."""
    return None


def minus(left: Value, right: Value) -> Value:
    """Number - Number, a date or time - Number, Date - Date and DateTime - DateTime (days), Time - Time (milliseconds)."""
    if left is None or right is None:
        return None
    if isinstance(left, Decimal) and isinstance(right, Decimal):
        return EXACT.subtract(left, right)
    if isinstance(right, Decimal):
        return _shift(left, right, -1)
    if isinstance(left, datetime) and isinstance(right, datetime):
        return EXACT.divide(Decimal((left - right) // timedelta(milliseconds=1)), Decimal(_DAY))
    if isinstance(left, date) and isinstance(right, date):
        return Decimal((left - right).days)
    if isinstance(left, time) and isinstance(right, time):
        return Decimal((milliseconds(left) - milliseconds(right)) % _DAY)
    raise FormulaEvaluationError(f"cannot subtract {right!r} from {left!r}")


def _shift(moment: Value, amount: Value, sign: int) -> Value:
    if not isinstance(amount, Decimal):
        raise FormulaEvaluationError(f"cannot add {amount!r} to {moment!r}")
    try:
        if isinstance(moment, datetime):
            return moment + timedelta(milliseconds=sign * int(amount * _DAY))
        if isinstance(moment, date):
            return moment + timedelta(days=sign * int(amount))
    except OverflowError as error:
        raise FormulaEvaluationError("Date out of range") from error
    if isinstance(moment, time):
        return time_of(milliseconds(moment) + sign * int(amount))
    raise FormulaEvaluationError(f"cannot add {amount!r} to {moment!r}")


def milliseconds(value: time) -> int:
    """Milliseconds since midnight."""
    return ((value.hour * 60 + value.minute) * 60 + value.second) * 1000 + value.microsecond // 1000


def time_of(since_midnight: int) -> time:
    """The time of day, modulo 24 hours."""
    seconds, millis = divmod(since_midnight % _DAY, 1000)
    return time(seconds // 3600, seconds // 60 % 60, seconds % 60, millis * 1000)


def _numeric(operation: Callable[[Decimal, Decimal], Decimal]) -> Binary:
    def apply(left: Value, right: Value) -> Value:
        if not isinstance(left, Decimal) or not isinstance(right, Decimal):
            return None
        try:
            return operation(left, right)
        except DivisionByZero as error:
            raise FormulaEvaluationError("Division by zero") from error
        except Overflow as error:
            raise FormulaEvaluationError("#Too Big!") from error
        except InvalidOperation as error:
            raise FormulaEvaluationError("#Error!") from error

    return apply


def _divide(left: Decimal, right: Decimal) -> Decimal:
    if not right:
        raise FormulaEvaluationError("Division by zero")
    return EXACT.divide(left, right)


def _power(base: Decimal, exponent: Decimal) -> Decimal:
    if abs(exponent) > _LONGEST_EXPONENT:
        raise FormulaEvaluationError("#Too Big!")
    if not base and not exponent:
        return Decimal(1)
    return EXACT.power(base, exponent)


def concatenate(left: Value, right: Value) -> Value:
    """Blank text adds nothing."""
    return (str(left) if left is not None else "") + (str(right) if right is not None else "")


def equal(left: Value, right: Value) -> Value:
    return None if left is None or right is None else left == right


def not_equal(left: Value, right: Value) -> Value:
    return None if left is None or right is None else left != right


def text_equal(left: Value, right: Value) -> Value:
    """Case matters; blank and empty are the same."""
    return (left or "") == (right or "")


def text_not_equal(left: Value, right: Value) -> Value:
    return (left or "") != (right or "")


def id_equal(left: Value, right: Value) -> Value:
    """ASSUMED: ids compare in their 15-character form, whichever length each side has."""
    return _short(left) == _short(right)


def id_not_equal(left: Value, right: Value) -> Value:
    return _short(left) != _short(right)


def _short(value: Value) -> str:
    text = str(value or "")
    return text[:15] if len(text) == 18 else text


def is_null(left: Value, right: Value) -> Value:
    """ASSUMED: `field = NULL` asks whether the field is blank; the engine's sources leave it null, practice relies on the test."""
    return left in (None, "") and right in (None, "")


def is_not_null(left: Value, right: Value) -> Value:
    return not is_null(left, right)


def _ordering(compare: Callable[[Any, Any], bool]) -> Binary:
    def apply(left: Value, right: Value) -> Value:
        """The checker made both sides one type."""
        return None if left is None or right is None else compare(left, right)

    return apply


multiply: Binary = _numeric(EXACT.multiply)
divide: Binary = _numeric(_divide)
power: Binary = _numeric(_power)

ORDERINGS: dict[str, Binary] = {
    "<": _ordering(operator.lt),
    "<=": _ordering(operator.le),
    ">": _ordering(operator.gt),
    ">=": _ordering(operator.ge),
}
NUMERIC: dict[str, Binary] = {"*": multiply, "/": divide, "^": power}

_N, _D, _DT, _TM = T.NUMBER, T.DATE, T.DATETIME, T.TIME
SUMS: dict[tuple[str, T, T], T] = {
    ("+", _N, _N): _N,
    ("+", _N, _D): _D,
    ("+", _N, _DT): _DT,
    ("+", _D, _N): _D,
    ("+", _DT, _N): _DT,
    ("+", _TM, _N): _TM,
    ("-", _N, _N): _N,
    ("-", _D, _N): _D,
    ("-", _DT, _N): _DT,
    ("-", _TM, _N): _TM,
    ("-", _D, _D): _N,
    ("-", _DT, _DT): _N,
    ("-", _TM, _TM): _N,
}
"""Result type of `+` and `-` by the types of their sides; text + text is beside the table."""

ORDERED = frozenset({T.NUMBER, T.DATE, T.DATETIME, T.TIME, T.TEXT, T.ID, T.NULL})
