"""Integer, Long, Double, Decimal, Boolean, Id, Math. Sources: the class pages of the Apex Reference Guide."""

from __future__ import annotations

import decimal
import math
import random
import re
from collections.abc import Callable
from decimal import Decimal

from orgtwin.apex import context
from orgtwin.apex.equality import equals
from orgtwin.apex.faults import argument_null, null_pointer, throw
from orgtwin.apex.library.hashing import hash_code
from orgtwin.apex.library.java_math import FUNCTIONS
from orgtwin.apex.library.locales import of_numbers
from orgtwin.apex.library.signatures import Refusing, system_class, system_enum
from orgtwin.apex.library.tokens import SObjectTypeToken
from orgtwin.apex.numbers import EXACT, ROUNDING, decimal_text, narrowed, read_decimal, scale_of, set_scale, to_decimal
from orgtwin.apex.records import to_id
from orgtwin.apex.text import to_text
from orgtwin.apex.values import EnumConstant, Id, Long, Value, wrap32, wrap64
from orgtwin.ids import find_id18

system_enum("RoundingMode", "CEILING DOWN FLOOR HALF_DOWN HALF_EVEN HALF_UP UNNECESSARY UP")
_INTEGER_TEXT = re.compile(r"[-+]?\d+")
_DECIMAL_TEXT = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?")


def grouped(value: Value) -> str:
    """With the thousands separators of en_US: Integer.format."""
    if isinstance(value, Decimal):
        rounded = set_scale(value, 3, decimal.ROUND_HALF_EVEN) if scale_of(value) > 3 else value
        text = decimal_text(rounded)
        whole, _, fraction = text.partition(".")
        fraction = fraction.rstrip("0")
        return f"{int(whole):,}" + (f".{fraction}" if fraction else "")
    return f"{value:,}"


def _parse_integer(text: str | None, name: str, limit: int) -> int:
    if text is None:
        raise argument_null("1") if name == "Integer" else null_pointer()
    stripped = text.strip()
    if not _INTEGER_TEXT.fullmatch(stripped) or not -limit <= int(stripped) < limit:
        raise throw("TypeException", f"Invalid {name.lower()}: {text}")
    return int(stripped)


def _integer_value_of(value: Value) -> int | None:
    if value is None:
        return None
    if isinstance(value, str):  # an Object that holds text may hold a decimal number too
        whole = _INTEGER_TEXT.fullmatch(value.strip())
        return _parse_integer(value, "Integer", 2**31) if whole else wrap32(int(_decimal_of(value, "integer")))
    if isinstance(value, (Decimal, float, int)) and not isinstance(value, bool):
        return wrap32(int(value))
    raise throw("TypeException", f"Invalid integer: {to_text(value)}")


def _number(value: Value, name: str) -> Value:
    """A number, or a text that holds one; anything else is a TypeException."""
    if isinstance(value, str):
        return _decimal_of(value, name)
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise throw("TypeException", f"Invalid {name}: {to_text(value)}")
    return value


def _long_value_of(text: Value) -> Long:
    """Long.valueOf takes a text with decimals, Integer.valueOf does not."""
    number = int(_number(text, "long"))
    if not -(2**63) <= number < 2**63:
        raise throw("TypeException", f"Invalid long: {text}")
    return Long(number)


def _double_value_of(value: Value) -> float | None:
    return None if value is None else float(_number(value, "double"))


def _given(read: Callable[[Value], Value]) -> Callable[[Value], Value]:
    """ASSUMED of null: a NullPointerException, as a public test has it for a text given to Double."""

    def run(value: Value) -> Value:
        if value is None:
            raise argument_null("1")
        return read(value)

    return run


def _decimal_of(text: str, name: str) -> Decimal:
    if not _DECIMAL_TEXT.fullmatch(text.strip()):
        raise throw("TypeException", f"Invalid {name}: {text}")
    return read_decimal(text.strip())


def _decimal_value_of(value: Value) -> Decimal:
    return to_decimal(_number(value, "decimal"))


system_class(
    "Integer",
    {
        "static Integer valueOf(Object)": _integer_value_of,
        "static Integer valueOf(String)": lambda text: _parse_integer(text, "Integer", 2**31),
        "String format()": of_numbers("Integer.format", grouped),
        "Boolean equals(Object)": equals,
        "Integer hashCode()": hash_code,
    },
)
system_class(
    "Long",
    {
        "static Long valueOf(String)": _given(_long_value_of),
        "String format()": of_numbers("Long.format", grouped),
        "Integer intValue()": wrap32,
    },
)


def half_even(value: Value) -> int:
    return int(to_decimal(value).to_integral_value(decimal.ROUND_HALF_EVEN))


system_class(
    "Double",
    {
        "static Double valueOf(Object)": _double_value_of,
        "static Double valueOf(String)": _given(_double_value_of),
        "String format()": of_numbers("Double.format", lambda this: grouped(to_decimal(this))),
        "Integer intValue()": lambda this: narrowed(this, 32),
        "Long longValue()": lambda this: Long(narrowed(this, 64)),
        "Long round()": lambda this: Long(narrowed(this if abs(this) >= 2**52 else math.floor(this + 0.5), 64)),
    },
)


def _mode(mode: EnumConstant | None) -> str:
    if mode is None:
        raise argument_null("roundingMode")
    return ROUNDING.get(mode.name, decimal.ROUND_HALF_UP)


def _exactly(exact: Decimal, rounded: Decimal, mode: EnumConstant | None) -> Decimal:
    """The rounded number; by UNNECESSARY there is nothing to round. Source: "RoundingMode Enum"; the text is Java's."""
    if mode is not None and mode.name == "UNNECESSARY" and rounded != exact:
        raise throw("MathException", "Rounding necessary")
    return rounded


def _set_scale(this: Decimal, scale: int | None, mode: EnumConstant | None = None) -> Decimal:
    if scale is None:
        raise argument_null("scale")
    rounding = decimal.ROUND_HALF_EVEN if mode is None else _mode(mode)
    return _exactly(this, set_scale(this, scale, rounding), mode)


def _round(this: Decimal, mode: EnumConstant | None = None) -> Long:
    rounding = decimal.ROUND_HALF_EVEN if mode is None else _mode(mode)
    return wrap64(int(_exactly(this, this.to_integral_value(rounding), mode)))


def _divide(this: Decimal, divisor: Decimal | None, scale: int, mode: EnumConstant | None = None) -> Decimal:
    if divisor is None:
        raise argument_null("divisor")
    if divisor == 0:
        raise throw("MathException", "Divide by 0")
    exact = decimal.Context(prec=200).divide(this, divisor)
    return _exactly(exact, set_scale(exact, scale, decimal.ROUND_HALF_UP if mode is None else _mode(mode)), mode)


def _power(this: Decimal, exponent: int) -> Decimal:
    if exponent < 0 or exponent > 32767:
        raise throw("MathException", "Invalid exponent")
    try:
        return EXACT.power(this, exponent)
    except decimal.Overflow as error:
        raise throw("MathException", "Decimal value out of range") from error


def _strip(this: Decimal) -> Decimal:
    if this == 0:
        return Decimal(0)
    return this.normalize(EXACT)


system_class(
    "Decimal",
    {
        "static Decimal valueOf(Double)": _given(_decimal_value_of),
        "static Decimal valueOf(Long)": _given(_decimal_value_of),
        "static Decimal valueOf(String)": _given(_decimal_value_of),
        "Decimal abs()": lambda this: abs(this),
        "Decimal divide(Decimal,Integer)": _divide,
        "Decimal divide(Decimal,Integer,RoundingMode)": _divide,
        "Double doubleValue()": float,
        "String format()": of_numbers("Decimal.format", grouped),
        "Integer intValue()": lambda this: wrap32(int(this)),
        "Long longValue()": lambda this: wrap64(int(this)),
        "Decimal pow(Integer)": _power,
        "Integer precision()": lambda this: max(len(this.as_tuple().digits), 1),
        "Long round()": _round,
        "Long round(RoundingMode)": _round,
        "Integer scale()": scale_of,
        "Decimal setScale(Integer)": _set_scale,
        "Decimal setScale(Integer,RoundingMode)": _set_scale,
        "Decimal stripTrailingZeros()": _strip,
        "String toPlainString()": decimal_text,
    },
)


def _boolean_value_of(value: Value) -> bool:
    if isinstance(value, str):
        return value.lower() == "true"
    if isinstance(value, bool):
        return value
    if value is None:
        raise argument_null("1")
    raise throw("TypeException", f"Invalid boolean: {to_text(value)}")


system_class(
    "Boolean",
    {
        "static Boolean valueOf(Object)": _boolean_value_of
    },  # for Salesforce's own compiler the one for texts is this one
)


def _sobject_type(this: Id) -> Value:
    engine = context.engine()
    described = engine.port.schema.find_by_prefix(this[:3])
    if described is None:
        raise throw("SObjectException", f"Cannot locate Apex Type for ID: {this}")
    return SObjectTypeToken(engine.get_sobject_type(described.api_name))


def _id_value_of(text: str | None, restores_case: bool | None = False) -> Id | None:
    if text is None:
        raise argument_null("1")
    return to_id(find_id18(text) or text if restores_case else text)


_refuse_error = Refusing("Id.addError")
"""Of an Id that is no field of a record; the compiler gives those of fields to the record."""


system_class(
    "Id",
    {
        "static Id valueOf(String)": _id_value_of,
        "static Id valueOf(String,Boolean)": _id_value_of,
        "Schema.SObjectType getSObjectType()": _sobject_type,
        "String to15()": lambda this: str(this[:15]),
        "void addError(String)": _refuse_error,
        "void addError(String,Boolean)": _refuse_error,
        "void addError(Exception)": _refuse_error,
        "void addError(Exception,Boolean)": _refuse_error,
    },
)


# Math


def _abs(value: Value) -> Value:
    if value is None:
        raise argument_null("1")
    if isinstance(value, int):
        return wrap64(abs(value)) if isinstance(value, Long) else wrap32(abs(value))  # the least one has no counterpart
    return abs(value)


def _pick(chooser: Value) -> Value:
    def run(a: Value, b: Value) -> Value:
        if a is None or b is None:
            raise argument_null("1")
        return chooser(a, b)

    return run


def _mod(a: int | None, b: int | None) -> int:
    if a is None or b is None:
        raise argument_null("1")
    if b == 0:
        raise throw("MathException", "Divide by 0")
    return int(math.fmod(a, b)) if abs(a) < 2**53 and abs(b) < 2**53 else a - b * int(Decimal(a) / Decimal(b))


def _round_half_even(value: Value) -> int:
    if value is None:
        raise argument_null("1")
    return half_even(value)


def _nearest(value: float | None) -> float:
    """The whole number nearest to a double, the even one of two; what has none stays."""
    if value is not None and not math.isfinite(value):
        return value
    return _round_half_even(value)


def _floating(name: str) -> Value:
    """A function of doubles as Java has it."""
    function = FUNCTIONS[name]

    def run(*args: Value) -> Value:
        if any(a is None for a in args):
            raise argument_null("1")
        return function(*(float(a) for a in args))

    return run


def _decimal_floating(name: str) -> Value:
    """The same of a Decimal. ASSUMED: by way of doubles; what is no number is an exception, as the root of a negative one is."""
    function = _floating(name)

    def run(*args: Value) -> Decimal:
        found = function(*args)
        if not math.isfinite(found):
            raise throw("MathException", f"Invalid argument for {name}")
        return Decimal(repr(found))

    return run


def _round_with(rounding: str) -> Value:
    def run(value: Decimal | None) -> Decimal:
        if value is None:
            raise argument_null("1")
        return value.to_integral_value(rounding)

    return run


def _decimal_root(value: Decimal | None) -> Decimal:
    if value is None:
        raise argument_null("1")
    if value < 0:
        raise throw("MathException", "Invalid argument for sqrt")
    return decimal.Context(prec=33).sqrt(value)


def _sign(value: Value) -> Value:
    return type(value)((value > 0) - (value < 0))


_OF_TWO = ("atan2", "pow")
_NOT_DECIMAL = (*_OF_TWO, "sqrt", "ceil", "floor", "rint", "signum")
_RANDOM = random.Random(20261)  # noqa: S311  (a run repeats exactly; Crypto is for secrets)
system_class(
    "Math",
    {
        **{f"static Double {name}(Double)": _floating(name) for name in FUNCTIONS if name not in _OF_TWO},
        **{f"static Double {name}(Double,Double)": _floating(name) for name in _OF_TWO},
        **{
            f"static Decimal {name}(Decimal)": _decimal_floating(name) for name in FUNCTIONS if name not in _NOT_DECIMAL
        },
        "static Decimal atan2(Decimal,Decimal)": _decimal_floating("atan2"),
        **{f"static {t} abs({t})": _abs for t in ("Integer", "Long", "Double", "Decimal")},
        **{f"static {t} max({t},{t})": _pick(max) for t in ("Integer", "Long", "Double", "Decimal")},
        **{f"static {t} min({t},{t})": _pick(min) for t in ("Integer", "Long", "Double", "Decimal")},
        "static Decimal signum(Decimal)": _sign,
        "static Decimal sqrt(Decimal)": _decimal_root,
        "static Double PI": lambda: math.pi,
        "static Double E": lambda: math.e,
        "static Double random()": lambda: _RANDOM.random(),
        "static Integer mod(Integer,Integer)": _mod,
        "static Long mod(Long,Long)": lambda a, b: Long(_mod(a, b)),
        "static Decimal ceil(Decimal)": _round_with(decimal.ROUND_CEILING),
        "static Decimal floor(Decimal)": _round_with(decimal.ROUND_FLOOR),
        "static Decimal rint(Decimal)": _round_with(decimal.ROUND_HALF_EVEN),
        "static Integer round(Double)": lambda v: narrowed(_nearest(v), 32),
        "static Integer round(Decimal)": lambda v: wrap32(_round_half_even(v)),
        "static Long roundToLong(Double)": lambda v: Long(narrowed(_nearest(v), 64)),
        "static Long roundToLong(Decimal)": lambda v: wrap64(_round_half_even(v)),
    },
)
