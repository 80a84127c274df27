"""Date literals: the span of time that TODAY, LAST_N_QUARTERS:3 and the others name, in the user's zone.

Source: "Date Formats and Date Literals in WHERE" (SOQL and SOSL Reference). Weeks begin on Sunday (en_US).
Fiscal periods follow the standard fiscal year that begins in January (ASSUMED until an org setting says otherwise).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, tzinfo

Span = tuple[date, date]  # first day, first day after

_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)


def _month(day: date, shift: int) -> date:
    """The first day of the month `shift` months away."""
    year, month = divmod(day.year * 12 + day.month - 1 + shift, 12)
    return date(min(max(year, 1), 9999), month + 1, 1)


def _week(day: date) -> date:
    return day - timedelta(days=day.isoweekday() % 7)


def _quarter(day: date) -> date:
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


def _year(day: date) -> date:
    return date(day.year, 1, 1)


# Unit -> (start of the unit that holds a day, the start of the unit n units away from a start).
_Unit = tuple[Callable[[date], date], Callable[[date, int], date]]
_UNITS: dict[str, _Unit] = {
    "DAY": (lambda day: day, lambda start, n: start + n * _DAY),
    "WEEK": (_week, lambda start, n: start + n * _WEEK),
    "MONTH": (lambda day: day.replace(day=1), _month),
    "QUARTER": (_quarter, lambda start, n: _month(start, 3 * n)),
    "YEAR": (_year, lambda start, n: _month(start, 12 * n)),
}
_UNITS |= {"FISCAL_QUARTER": _UNITS["QUARTER"], "FISCAL_YEAR": _UNITS["YEAR"]}

_RELATIVE = {"LAST": -1, "THIS": 0, "NEXT": 1}

DATE_NAMES: dict[str, tuple[str, int]] = {
    "YESTERDAY": ("DAY", -1),
    "TODAY": ("DAY", 0),
    "TOMORROW": ("DAY", 1),
    **{f"{word}_{unit}": (unit, n) for word, n in _RELATIVE.items() for unit in _UNITS if unit != "DAY"},
    "LAST_90_DAYS": ("DAYS", -90),
    "NEXT_90_DAYS": ("DAYS", 90),
}
"""Literals without a number: unit and how many units away."""

DATE_NAMES_WITH_N: dict[str, tuple[str, str]] = {
    f"{word}_N_{unit}S": (unit, word) for unit in _UNITS for word in ("LAST", "NEXT")
} | {f"N_{unit}S_AGO": (unit, "AGO") for unit in _UNITS}
"""Literals with a number: unit, and whether the span is the last n, the next n, or the one n ago."""


def days_of(name: str, number: int, today: date) -> Span:
    """The days a date literal names, counted from `today`. Spans beyond the calendar are cut to it."""
    try:
        return _days_of(name, number, today)
    except OverflowError:
        return (date.min, date.min) if name.startswith(("LAST", "N_")) else (date.max, date.max)


def _days_of(name: str, number: int, today: date) -> Span:
    if name in DATE_NAMES:
        unit, away = DATE_NAMES[name]
        if unit == "DAYS":  # LAST_90_DAYS includes today, NEXT_90_DAYS does not
            return (today + away * _DAY, today + _DAY) if away < 0 else (today + _DAY, today + (away + 1) * _DAY)
        start_of, move = _UNITS[unit]
        start = move(start_of(today), away)
        return start, move(start, 1)
    unit, which = DATE_NAMES_WITH_N[name]
    start_of, move = _UNITS[unit]
    start = start_of(today)
    if which == "AGO":
        return move(start, -number), move(start, 1 - number)
    if which == "NEXT":
        return move(start, 1), move(start, number + 1)
    end = today + _DAY if unit == "DAY" else start  # LAST_N_DAYS goes up to today, LAST_N_WEEKS ends before this week
    return move(start, -number), end


def midnight(day: date, zone: tzinfo) -> datetime:
    """The instant a day begins in a zone, in UTC."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)
