"""Numbers and money in decimal arithmetic. Nothing is rounded unless the spec says how, nothing is converted between currencies."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal

from clmkit.mapping.values.outcome import (
    Outcome,
    Refusal,
    SalesforceValue,
    Target,
    Value,
    find_several,
    quote,
    show,
    to_text,
)

_PLAIN = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{1,40})?")
_GROUPED = re.compile(r"[$€£]?\s*[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?")
_ISO_CODE = re.compile(r"[A-Z]{3}")
_EXACT = Context(prec=100)
_ROUNDING = {"half_up": ROUND_HALF_UP, "half_even": ROUND_HALF_EVEN}


def read_decimal(value: object, target: Target) -> Outcome:
    """A plain decimal number: `120000.00`. Thousands separators and currency signs are refused by name."""
    number = parse_decimal(value)
    return number if isinstance(number, Refusal) else fit_number(number, target)


def parse_decimal(value: object) -> Decimal | Refusal:
    text = to_text(value)
    if isinstance(text, Refusal):
        return text
    if _PLAIN.fullmatch(text):
        return Decimal(text)
    several = find_several(text)
    if several:
        return several
    if _GROUPED.fullmatch(text):
        return Refusal(
            f"{quote(text)} has a currency sign or thousands separators; write a plain number such as 120000.00."
        )
    return Refusal(f"{quote(text)} is not a plain number such as 120000.00.")


def fit_number(number: Decimal, target: Target) -> Outcome:
    """The number at the field's scale, if it fits the field's digits."""
    scale, digits = target.type.scale, target.type.precision - target.type.scale
    unit = Decimal(1).scaleb(-scale)
    rounded = number.quantize(unit, ROUND_HALF_EVEN, _EXACT)
    if rounded != number:
        mode = _ROUNDING.get(target.type.rounding)
        if mode is None:
            return Refusal(f"{number} has more than {_decimals(scale)}; the spec names no rounding.")
        rounded = number.quantize(unit, mode, _EXACT)
    if abs(rounded) >= Decimal(10) ** digits:
        return Refusal(f"{number} has more than {digits} digits before the decimal point.")
    return Value(rounded + 0)


def _decimals(scale: int) -> str:
    return f"{scale} decimal" + ("" if scale == 1 else "s")


def read_money(value: object, target: Target) -> Outcome:
    """An amount in the org's currency. Salesforce keeps one currency per record: foreign amounts are refused, not converted."""
    code = target.code
    if target.type.currency_code:
        if code is None or not _ISO_CODE.fullmatch(code):
            return Refusal(f"The amount {show(value)} stands without a currency code such as USD.")
        if target.currency.multi and target.currency.active and code not in target.currency.active:
            known = ", ".join(target.currency.active)
            return Refusal(f"The amount {show(value)} is in {code}; this org keeps {known}.")
        if not target.currency.multi and code != target.currency.code:
            return Refusal(f"The amount {show(value)} is in {code}; this org keeps {target.currency.code} only.")
    return read_decimal(value, target)


def read_fraction_as_percent(value: object, target: Target) -> Outcome:
    """0.05 in the CLM is 5 in a Salesforce Percent field."""
    number = parse_decimal(value)
    return number if isinstance(number, Refusal) else fit_number(number * 100, target)


def write_number(value: SalesforceValue, target: Target) -> object:
    """The CLM keeps amounts as text with the field's decimals."""
    return None if value is None else f"{value}"


def write_percent_as_fraction(value: SalesforceValue, target: Target) -> object:
    return f"{value / 100}" if isinstance(value, Decimal) else None
