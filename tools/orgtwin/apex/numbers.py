"""Integer, Long, Double and Decimal as Java computes them.

Decimal: sums keep the larger scale, products add scales, quotients have at most 33 significant digits, half up (ASSUMED: the
documentation gives no figure; this is what orgs print).
"""

from __future__ import annotations

import decimal
import math
from decimal import Decimal

from orgtwin.apex.faults import null_pointer, throw
from orgtwin.apex.values import Long, wrap32, wrap64

EXACT = decimal.Context(prec=400, rounding=decimal.ROUND_HALF_UP, Emax=9_999, Emin=-9_999)
QUOTIENT = decimal.Context(prec=33, rounding=decimal.ROUND_HALF_UP, Emax=999999, Emin=-999999)

ROUNDING = {
    "CEILING": decimal.ROUND_CEILING,
    "DOWN": decimal.ROUND_DOWN,
    "FLOOR": decimal.ROUND_FLOOR,
    "HALF_DOWN": decimal.ROUND_HALF_DOWN,
    "HALF_EVEN": decimal.ROUND_HALF_EVEN,
    "HALF_UP": decimal.ROUND_HALF_UP,
    "UP": decimal.ROUND_UP,
}


def narrowed(value: float, bits: int) -> int:
    """A double as Java casts it to a whole number: towards zero, NaN is 0, and what is too large is the largest there is."""
    if math.isnan(value):
        return 0
    largest = 2 ** (bits - 1) - 1
    return int(value) if -largest <= value <= largest else largest if value > 0 else -largest - 1


def divided_by_zero() -> Exception:
    return throw("MathException", "Divide by 0")


def divide_integer(a: int | None, b: int | None) -> int:
    """Integer division, towards zero."""
    if a is None or b is None:
        raise null_pointer()
    if b == 0:
        raise divided_by_zero()
    quotient = abs(a) // abs(b)
    return wrap32(quotient if (a < 0) == (b < 0) else -quotient)


def divide_long(a: int | None, b: int | None) -> Long:
    if a is None or b is None:
        raise null_pointer()
    if b == 0:
        raise divided_by_zero()
    quotient = abs(a) // abs(b)
    return wrap64(quotient if (a < 0) == (b < 0) else -quotient)


def divide_double(a: float | None, b: float | None) -> float:
    if a is None or b is None:
        raise null_pointer()
    if b == 0:
        raise divided_by_zero()
    return a / b


def divide_decimal(a: Decimal | None, b: Decimal | None) -> Decimal:
    if a is None or b is None:
        raise null_pointer()
    if b == 0:
        raise divided_by_zero()
    return QUOTIENT.divide(a, b)


def multiply_decimal(a: Decimal | None, b: Decimal | None) -> Decimal:
    if a is None or b is None:
        raise null_pointer()
    try:
        return EXACT.multiply(a, b)
    except decimal.Overflow as error:
        raise _out_of_range() from error


def add_decimals(a: Decimal, b: Decimal) -> Decimal:
    try:
        return EXACT.add(a, b)
    except decimal.Overflow as error:
        raise _out_of_range() from error


def subtract_decimals(a: Decimal, b: Decimal) -> Decimal:
    try:
        return EXACT.subtract(a, b)
    except decimal.Overflow as error:
        raise _out_of_range() from error


def read_decimal(text: str) -> Decimal:
    """A number as written. Its digits must be few enough to be written out. Raises MathException, ArithmeticError for no number."""
    found = Decimal(text)
    if found and abs(found.adjusted()) > EXACT.Emax:
        raise _out_of_range()
    return found


def _out_of_range() -> Exception:
    return throw("MathException", "Decimal value out of range")


def to_decimal(value: int | float | Decimal) -> Decimal:
    """Any number as Decimal; a Double by its shortest decimal form."""
    if isinstance(value, Decimal):
        return value
    if isinstance(value, float):
        if math.isnan(value) or math.isinf(value):
            raise throw("TypeException", f"Invalid decimal: {double_text(value)}")
        return Decimal(repr(value))
    return Decimal(value)


def equal_numbers(a: int | float | Decimal, b: int | float | Decimal) -> bool:
    """Numbers of any two types, a Double by its shortest decimal form."""
    if isinstance(a, float) is isinstance(b, float):
        return a == b
    if any(isinstance(v, float) and not math.isfinite(v) for v in (a, b)):
        return False
    return to_decimal(a) == to_decimal(b)


def decimal_text(value: Decimal) -> str:
    """Plain digits, never an exponent."""
    text = format(value, "f")
    return "0" + text[2:] if text.startswith("-0") and not value else text


def double_text(value: float) -> str:
    """As Java's Double.toString."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0:
        return "-0.0" if math.copysign(1, value) < 0 else "0.0"
    if 1e-3 <= abs(value) < 1e7:
        text = format(Decimal(repr(value)), "f")
        return text if "." in text else text + ".0"
    digits = Decimal(repr(value)).normalize().as_tuple()
    mantissa = "".join(map(str, digits.digits))
    exponent = int(digits.exponent) + len(mantissa) - 1
    return f"{'-' if digits.sign else ''}{mantissa[0]}.{mantissa[1:] or '0'}E{exponent}"


def set_scale(value: Decimal, scale: int, rounding: str) -> Decimal:
    """Exactly `scale` digits behind the point."""
    return value.quantize(Decimal(1).scaleb(-scale), rounding=rounding, context=EXACT)


def scale_of(value: Decimal) -> int:
    return max(0, -int(value.as_tuple().exponent))
