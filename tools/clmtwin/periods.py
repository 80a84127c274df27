"""Spans of time as contracts write them ("60 days", "successive 1 year"), and dates moved by them.

Only text that says exactly one span is read; for everything else the twin does not guess.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta

_SPAN = re.compile(r"(?:successive\s+)?(\d{1,4})[\s-]+(day|week|month|year)s?", re.IGNORECASE)
_PLAIN_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class Period:
    months: int = 0
    days: int = 0


_UNITS = {"day": Period(days=1), "week": Period(days=7), "month": Period(months=1), "year": Period(months=12)}
RECURRENCES = {"monthly": Period(months=1), "quarterly": Period(months=3), "yearly": Period(months=12)}


def find_period(text: str | None) -> Period | None:
    match = _SPAN.fullmatch((text or "").strip())
    if match is None or not int(match[1]):
        return None
    unit = _UNITS[match[2].lower()]
    return Period(unit.months * int(match[1]), unit.days * int(match[1]))


def find_plain_date(text: str | None) -> date | None:
    """The date of a text that is exactly one m/d/yyyy or ISO date; None for everything else."""
    text = (text or "").strip()
    match = _PLAIN_DATE.fullmatch(text)
    try:
        if match is not None:
            month, day, year = (int(part) for part in match.groups())
            return date(year, month, day)
        return date.fromisoformat(text) if _ISO_DATE.fullmatch(text) else None
    except ValueError:
        return None


def after(day: date, period: Period) -> date:
    """The day a period later; the 31st becomes the last day of a shorter month. Raises OverflowError after year 9999."""
    return _by_months(day, period.months) + timedelta(period.days)


def before(day: date, period: Period) -> date:
    return _by_months(day, -period.months) - timedelta(period.days)


def _by_months(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not date.min.year <= year <= date.max.year:
        raise OverflowError(f"{day} moved by {months} months leaves the calendar")
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
