"""Functions of doubles as java.lang.Math has them, on which Apex's Math Class rests: nothing is raised, what has no value is NaN.

Python's own raise where Java gives NaN or an infinity, and lose the sign of zero.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction


def _log(function: Callable[[float], float]) -> Callable[[float], float]:
    return lambda v: -math.inf if v == 0 else function(v)


def _sinh(value: float) -> float:
    try:
        return math.sinh(value)
    except OverflowError:
        return math.copysign(math.inf, value)


def _power(base: float, exponent: float) -> float:
    if abs(base) == 1 and not math.isfinite(exponent):
        return math.nan
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return -math.inf if base < 0 and exponent % 2 == 1 else math.inf
    except ValueError:
        is_odd = exponent % 2 == 1
        return math.nan if base else math.copysign(math.inf, base if is_odd else 1.0)


def _cube_root(value: float) -> float:
    """The double nearest to the root: of a rough one and its two neighbours the one whose cube is nearest."""
    if not value or not math.isfinite(value):
        return value
    rough = math.copysign(abs(value) ** (1 / 3), value)
    rough -= (rough * rough * rough - value) / (3 * rough * rough)
    exact = Fraction(value)
    near = (rough, math.nextafter(rough, math.inf), math.nextafter(rough, -math.inf))
    return min(near, key=lambda root: abs(Fraction(root) ** 3 - exact))


def _whole(function: Callable[[float], int]) -> Callable[[float], float]:
    return lambda v: math.copysign(float(function(v)), v) if math.isfinite(v) else v


def _signum(value: float) -> float:
    return value if not value or math.isnan(value) else math.copysign(1.0, value)


_OF_ONE: Mapping[str, Callable[[float], float]] = {
    **{
        name: getattr(math, name)
        for name in ("acos", "asin", "atan", "cos", "cosh", "exp", "sin", "sqrt", "tan", "tanh")
    },
    "cbrt": _cube_root,
    "ceil": _whole(math.ceil),
    "floor": _whole(math.floor),
    "log": _log(math.log),
    "log10": _log(math.log10),
    "rint": _whole(round),
    "signum": _signum,
    "sinh": _sinh,
}
_OF_TWO: Mapping[str, Callable[[float, float], float]] = {"atan2": math.atan2, "pow": _power}


def _total(function: Callable[..., float]) -> Callable[..., float]:
    """The function without Python's errors: outside its domain NaN, beyond the largest double infinity."""

    def run(*values: float) -> float:
        try:
            return function(*values)
        except ValueError:
            return math.nan
        except OverflowError:
            return math.inf

    return run


_ALL: Mapping[str, Callable[..., float]] = {**_OF_ONE, **_OF_TWO}
FUNCTIONS: Mapping[str, Callable[..., float]] = {name: _total(function) for name, function in _ALL.items()}
"""By name: of one double, or of two (atan2, pow)."""
