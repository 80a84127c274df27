"""Texts in the form of the running user's locale. Those of en_US are known; for others a method is refused by name.

Source: "Date Class", "Datetime Class", "Integer Class", "Decimal Class", "Double Class", "Long Class" (Apex Reference Guide),
which say `using the locale of the context user`.
"""

from __future__ import annotations

from collections.abc import Callable

from orgtwin.apex import context
from orgtwin.apex.values import Value

_DATES = frozenset(("en_us",))
_NUMBERS = frozenset(("en_au", "en_ca", "en_gb", "en_ie", "en_nz", "en_us"))  # with comma and point alike


def of_dates(shown: str, function: Callable[..., Value]) -> Callable[..., Value]:
    """The method, for users whose locale writes dates and begins weeks as en_US does."""
    return _known(_DATES, shown, function)


def of_numbers(shown: str, function: Callable[..., Value]) -> Callable[..., Value]:
    """The method, for users whose locale writes numbers as en_US does."""
    return _known(_NUMBERS, shown, function)


def _known(locales: frozenset[str], shown: str, function: Callable[..., Value]) -> Callable[..., Value]:
    def run(*args: Value) -> Value:
        engine = context.engine()
        locale = engine.user().locale
        if locale.lower() not in locales:
            engine.refuse("apex.format-locale", f"{shown} for a user of the locale {locale} in Apex")
        return function(*args)

    return run
