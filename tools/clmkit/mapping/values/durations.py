"""Lengths of time as contracts write them.

    duration = part { ("," | "and") part }        4 years, 6 months
    part     = [word] number unit                 60 days, (6) months, thirty (30) days
    unit     = day | week | month | year, singular or plural
    renewal  = [[count] "successive"] duration    successive 1 year, four successive 10 years

Years become months and weeks become days, because those are exact. Months never become days.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from clmkit.mapping.values.numbers import fit_number
from clmkit.mapping.values.outcome import Outcome, Refusal, SalesforceValue, Target, Value, find_several, quote, to_text
from clmkit.mapping.values.picklists import look_up

NUMBER_WORDS = {
    word: number
    for number, word in enumerate(
        ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"), start=1
    )
} | {"fifteen": 15, "eighteen": 18, "twenty": 20, "thirty": 30, "forty-five": 45, "sixty": 60, "ninety": 90}

SUCCESSIVE = frozenset({"successive", "succesive", "successine", "succsive", "consecutive"})
"""The word, and the misspellings of it that filed contracts hold. A list on purpose: no other spelling is guessed."""

_UNITS = {"day": (1, 0), "week": (7, 0), "month": (0, 1), "year": (0, 12)}
_PART = re.compile(
    r"(?:([a-z-]+)\s+)?(?:\(?([0-9]{1,5})\)?)\s+(day|week|month|year)s?|([a-z-]+)\s+(day|week|month|year)s?"
)
_PREFIX = re.compile(r"(?:(\S+)\s+)?([a-z]+)\s+(.+)")


@dataclass(frozen=True, slots=True)
class Duration:
    days: int
    months: int


@dataclass(frozen=True, slots=True)
class Renewal:
    """How often and how long an agreement renews. `times` None: without limit."""

    period: Duration
    times: int | None


def parse_duration(text: str) -> Duration | Refusal:
    several = find_several(text)
    if several:
        return several
    if "[" in text:
        return Refusal(f"{quote(text)} leaves the number blank.")
    days = months = 0
    for part in re.split(r"\s*,\s*(?:and\s+)?|\s+and\s+", text.lower()):
        measured = _measure(part)
        if measured is None:
            return Refusal(f"{quote(text)} is not a length of time such as 60 days, 6 months or 2 years.")
        days, months = days + measured[0], months + measured[1]
    return Duration(days, months)


def _measure(part: str) -> tuple[int, int] | None:
    match = _PART.fullmatch(part.strip())
    if match is None:
        return None
    word, digits, unit, lone_word, lone_unit = match.groups()
    number = int(digits) if digits else NUMBER_WORDS.get(lone_word)
    if number is None or (word and NUMBER_WORDS.get(word) != number):
        return None
    days, months = _UNITS[unit or lone_unit]
    return number * days, number * months


def parse_renewal(text: str) -> Renewal | Refusal:
    times: int | None = 1
    rest = text
    match = _PREFIX.fullmatch(text.lower())
    if match and match.group(2) in SUCCESSIVE:
        count, _, rest = match.groups()
        times = None if count is None else _count(count)
        if times == 0:
            return Refusal(f"{quote(text)} does not say how often it renews.")
    elif text.lower().split(" ", 1)[0] in SUCCESSIVE:
        times, rest = None, text.split(" ", 1)[-1]
    period = parse_duration(rest)
    if isinstance(period, Refusal):
        return find_several(text) or Refusal(period.reason.replace(quote(rest), quote(text)))
    return Renewal(period, times)


def _count(word: str) -> int:
    return NUMBER_WORDS.get(word, int(word) if word.isascii() and word.isdigit() and len(word) < 6 else 0)


def read_days(value: object, target: Target) -> Outcome:
    duration = _read(value)
    if isinstance(duration, Refusal):
        return duration
    if duration.months:
        return Refusal(f"{show_duration(duration)} is not a fixed number of days; the field counts days.")
    return fit_number(Decimal(duration.days), target)


def read_months(value: object, target: Target) -> Outcome:
    duration = _read(value)
    return duration if isinstance(duration, Refusal) else _months(duration, target)


def _months(duration: Duration, target: Target) -> Outcome:
    if duration.days:
        return Refusal(f"{show_duration(duration)} is not a whole number of months; the field counts months.")
    return fit_number(Decimal(duration.months), target)


def read_amount(value: object, target: Target) -> Outcome:
    """The number of a duration; `read_unit` gives what it counts: 1 year is 12 (months), 2 weeks are 14 (days)."""
    duration = _read(value)
    if isinstance(duration, Refusal):
        return duration
    if duration.days and duration.months:
        return Refusal(f"{show_duration(duration)} together are neither days nor months; the field counts one of them.")
    return fit_number(Decimal(duration.days or duration.months), target)


def read_unit(value: object, target: Target) -> Outcome:
    """`days` or `months`, looked up in the field's value map."""
    duration = _read(value)
    if isinstance(duration, Refusal):
        return duration
    if duration.days and duration.months:
        return Refusal(f"{show_duration(duration)} together are neither days nor months; the field counts one of them.")
    return look_up("days" if duration.days else "months", target)


def read_renewal_months(value: object, target: Target) -> Outcome:
    renewal = _read_renewal(value)
    return renewal if isinstance(renewal, Refusal) else _months(renewal.period, target)


def read_renewal_times(value: object, target: Target) -> Outcome:
    """How many renewals the contract grants; empty when it renews without limit."""
    renewal = _read_renewal(value)
    if isinstance(renewal, Refusal):
        return renewal
    return Value(None) if renewal.times is None else fit_number(Decimal(renewal.times), target)


def read_renewal_unlimited(value: object, target: Target) -> Outcome:
    """Whether it renews again and again until somebody gives notice; `perpetual` does."""
    if isinstance(value, str) and value.strip().lower() == "perpetual":
        return Value(True)
    renewal = _read_renewal(value)
    return renewal if isinstance(renewal, Refusal) else Value(renewal.times is None)


def _read(value: object) -> Duration | Refusal:
    text = to_text(value)
    return text if isinstance(text, Refusal) else parse_duration(text)


def _read_renewal(value: object) -> Renewal | Refusal:
    text = to_text(value)
    return text if isinstance(text, Refusal) else parse_renewal(text)


def show_duration(duration: Duration) -> str:
    counts = ((duration.months, "month"), (duration.days, "day"))
    return " and ".join(f"{count} {unit}{'' if count == 1 else 's'}" for count, unit in counts if count) or "0 days"


def write_days(value: SalesforceValue, target: Target) -> object:
    return None if value is None else f"{value} days"


def write_months(value: SalesforceValue, target: Target) -> object:
    return None if value is None else f"{value} months"
