"""Functions of numbers: exact decimals of 39 digits, halves rounded away from zero."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_UP, ROUND_UP, Context, Decimal, InvalidOperation

from orgtwin.formula.code import function
from orgtwin.formula.errors import FormulaEvaluationError
from orgtwin.formula.operators import EXACT, power
from orgtwin.formula.types import FormulaType as T
from orgtwin.records.model import Value

_NUMBER = (T.NUMBER, T.NULL)
_CUT = Context(
    prec=33, rounding=ROUND_HALF_UP
)  # 3 * (1 / 3) is 1: the last digits are dropped before a whole number is taken
_WIDEST_SCALE = 38


def _whole(rounding: str) -> Callable[[Decimal], Value]:
    return lambda number: _CUT.plus(number).to_integral_value(rounding)


def round_half_up(number: Decimal, scale: int) -> Decimal:
    """To `scale` digits after the point; a negative scale rounds to tens, hundreds ..."""
    step = Decimal(1).scaleb(-max(-_WIDEST_SCALE, min(_WIDEST_SCALE, scale)))
    try:
        rounded = number.quantize(step, ROUND_HALF_UP, EXACT)
    except InvalidOperation:
        return number
    return rounded if scale >= 0 else Decimal(f"{rounded:f}")


def _round(number: Decimal, scale: Decimal) -> Value:
    return round_half_up(number, int(scale))


def _truncate(number: Decimal, scale: Decimal = Decimal(0)) -> Value:
    step = Decimal(1).scaleb(-max(-_WIDEST_SCALE, min(_WIDEST_SCALE, int(scale))))
    try:
        return Decimal(f"{number.quantize(step, ROUND_DOWN, EXACT):f}")
    except InvalidOperation:
        return number


def _modulo(number: Decimal, divisor: Decimal) -> Value:
    """The sign of the number stays."""
    if not divisor:
        raise FormulaEvaluationError("Division by zero")
    return EXACT.remainder(number, divisor)


def _square_root(number: Decimal) -> Value:
    if number < 0:
        raise FormulaEvaluationError("Square root of a negative number")
    return EXACT.sqrt(number)


def _logarithm(logarithm: Callable[[Decimal], Decimal]) -> Callable[[Decimal], Value]:
    def apply(number: Decimal) -> Value:
        if number <= 0:
            raise FormulaEvaluationError("Logarithm of a number that is not positive")
        return logarithm(number)

    return apply


def _exponential(number: Decimal) -> Value:
    if abs(number) > 1000:
        raise FormulaEvaluationError("#Too Big!")
    return EXACT.exp(number)


def _trigonometric(apply: Callable[..., float]) -> Callable[..., Value]:
    """To the 17 digits of a double, as the database has them."""

    def run(*numbers: Decimal) -> Value:
        try:
            return Decimal(repr(apply(*(float(number) for number in numbers))))
        except (ValueError, OverflowError) as error:
            raise FormulaEvaluationError("#Error!") from error

    return run


FUNCTIONS = (
    function("ABS", (_NUMBER,), T.NUMBER, abs),
    function("CEILING", (_NUMBER,), T.NUMBER, _whole(ROUND_UP)),
    function("FLOOR", (_NUMBER,), T.NUMBER, _whole(ROUND_DOWN)),
    function("MCEILING", (_NUMBER,), T.NUMBER, _whole(ROUND_CEILING)),
    function("MFLOOR", (_NUMBER,), T.NUMBER, _whole(ROUND_FLOOR)),
    function("ROUND", (_NUMBER, _NUMBER), T.NUMBER, _round),
    function("TRUNC", (_NUMBER, _NUMBER), T.NUMBER, _truncate, optional=1),
    function("MOD", (_NUMBER, _NUMBER), T.NUMBER, _modulo),
    function("POWER", (_NUMBER, _NUMBER), T.NUMBER, power),
    function("SQRT", (_NUMBER,), T.NUMBER, _square_root),
    function("EXP", (_NUMBER,), T.NUMBER, _exponential),
    function("LN", (_NUMBER,), T.NUMBER, _logarithm(EXACT.ln)),
    function("LOG", (_NUMBER,), T.NUMBER, _logarithm(EXACT.log10)),
    function("MAX", (_NUMBER,), T.NUMBER, lambda *numbers: max(numbers), variadic=True),
    function("MIN", (_NUMBER,), T.NUMBER, lambda *numbers: min(numbers), variadic=True),
    function("PI", (), T.NUMBER, lambda: Decimal("3.14159265358979323846264338327950288420")),
    function("SIN", (_NUMBER,), T.NUMBER, _trigonometric(math.sin)),
    function("COS", (_NUMBER,), T.NUMBER, _trigonometric(math.cos)),
    function("TAN", (_NUMBER,), T.NUMBER, _trigonometric(math.tan)),
    function("ASIN", (_NUMBER,), T.NUMBER, _trigonometric(math.asin)),
    function("ACOS", (_NUMBER,), T.NUMBER, _trigonometric(math.acos)),
    function("ATAN", (_NUMBER,), T.NUMBER, _trigonometric(math.atan)),
    function("ATAN2", (_NUMBER, _NUMBER), T.NUMBER, _trigonometric(math.atan2)),
)
