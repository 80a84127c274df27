"""The words of another system without what must not be repeated: secrets, and values that only some people may read.

Services, proxies and automation in an org quote in a refusal what they were sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation

from clmkit.clients.errors import Refused, WireError

WITHHELD = "(withheld)"
_SURE = 40
"""So many characters name a value: a text is often quoted cut off."""
_MOST = Decimal(10) ** 20
"""No field holds a greater number; one with a huge exponent would be a huge text."""


def silence(text: str, values: Iterable[object]) -> str:
    """The text without these values, however their letters and numbers are written."""
    forms = {form for value in values for form in _forms(value)}
    for form in sorted(forms, key=len, reverse=True):
        if form[:_SURE].casefold() in text.casefold():
            rest = ".*" if len(form) > _SURE else r"(?!\w)"
            text = re.sub(rf"(?<!\w){re.escape(form[:_SURE])}{rest}", WITHHELD, text, flags=re.IGNORECASE | re.DOTALL)
    return text


def silence_error(error: WireError, values: Iterable[object]) -> WireError:
    """The refusal without these values; other errors quote nothing that was sent."""
    if not isinstance(error, Refused):
        return error
    return Refused(error.where, error.status, error.code, silence(error.message, values), error.fields)


def _forms(value: object) -> set[str]:
    if value is None or isinstance(value, bool) or not str(value).strip():
        return set()
    text = str(value).strip()
    number = _find_number(text)
    if number is None:
        return {text}
    return {text, f"{number.normalize():f}", f"{number:,}", f"{number:.2f}", f"{number:,.2f}"}


def _find_number(text: str) -> Decimal | None:
    """A number is kept as a text, too, and quoted as a number."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number) < _MOST else None
