"""When a scheduled job is due: `Seconds Minutes Hours Day_of_month Month Day_of_week [Year]`.

Source: "Using the System.schedule Method" (Apex Developer Guide). Sunday is 1. Seconds and minutes take a number each, as the guide
says; L, W and # are known in the day fields. Times are those of the user's zone.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

_MONTHS = {name.upper(): n for n, name in enumerate(calendar.month_abbr) if name}
_DAYS = {name.upper(): n % 7 + 1 for n, name in enumerate(calendar.day_abbr, start=1)}  # Sunday is 1
_LAST_YEAR = 2199  # the guide says 2099; public code names later ones
_LAST_YEARS = 100  # a job that is not due within them is never due

DayTest = Callable[[date], bool]


class BadCron(Exception):
    """The expression cannot be read; str() is the platform's text."""


@dataclass(frozen=True, slots=True)
class Cron:
    """A parsed expression."""

    second: int
    minute: int
    hours: frozenset[int]
    is_day: DayTest
    months: frozenset[int]
    years: frozenset[int] | None

    def next_after(self, moment: datetime, zone: tzinfo) -> datetime | None:
        """The first due time after `moment`, or None when there is none."""
        local = moment.astimezone(zone)
        day = local.date()
        for _ in range(366 * _LAST_YEARS):
            if self._takes(day):
                for hour in sorted(self.hours):
                    due = datetime(day.year, day.month, day.day, hour, self.minute, self.second, tzinfo=zone)
                    if due > local:
                        return due.astimezone(moment.tzinfo)
            day += timedelta(days=1)
        return None

    def _takes(self, day: date) -> bool:
        return day.month in self.months and (self.years is None or day.year in self.years) and self.is_day(day)


def parse_cron(text: str) -> Cron:
    """Raises BadCron."""
    parts = text.upper().split()
    if not 6 <= len(parts) <= 7:
        raise BadCron(f"Illegal cron expression: {text}")
    if not all(part.isdecimal() for part in parts[:2]):
        raise BadCron(f"Seconds and minutes must be specified as integers: {text}")
    try:
        second, minute = (_single(part) for part in parts[:2])
        hours = _values(parts[2], 0, 23, {})
        months = _values(parts[4], 1, 12, _MONTHS)
        years = _values(parts[6], 1970, _LAST_YEAR, {}) if len(parts) == 7 and parts[6] not in "*?" else None
        return Cron(second, minute, hours, _day_test(parts[3], parts[5]), months, years)
    except ValueError as error:
        raise BadCron(f"Illegal cron expression: {text}") from error


def _single(part: str) -> int:
    value = int(part)
    if not 0 <= value <= 59:
        raise ValueError(part)
    return value


def _values(part: str, low: int, high: int, names: dict[str, int]) -> frozenset[int]:
    found: set[int] = set()
    for piece in part.split(","):
        span, _, step = piece.partition("/")
        first, _, last = span.partition("-")
        start = low if first in "*?" else _number(first, names)
        end = high if first in "*?" or (step and not last) else _number(last or first, names)
        if not low <= start <= high or not low <= end <= high:
            raise ValueError(piece)
        wrapped = range(start, end + 1) if start <= end else (*range(start, high + 1), *range(low, end + 1))
        found.update(list(wrapped)[:: int(step or 1)])
    return frozenset(found)


def _number(text: str, names: dict[str, int]) -> int:
    return names[text] if text in names else int(text)


def _day_test(of_month: str, of_week: str) -> DayTest:
    """Both must hold; a ? says nothing. ASSUMED: two fields that both say something hold together."""
    tests = [_month_day(of_month), _week_day(of_week)]
    return lambda day: all(test(day) for test in tests)


def _month_day(part: str) -> DayTest:
    if part in ("*", "?"):
        return lambda day: True
    if part == "L":
        return lambda day: day.day == calendar.monthrange(day.year, day.month)[1]
    if part == "LW":
        return lambda day: day == _weekday_near(day, 31)
    if part.endswith("W"):
        nearest = int(part[:-1])
        return lambda day: day == _weekday_near(day, nearest)
    wanted = _values(part, 1, 31, {})
    return lambda day: day.day in wanted


def _weekday_near(day: date, number: int) -> date:
    last = calendar.monthrange(day.year, day.month)[1]
    wanted = day.replace(day=min(number, last))
    if wanted.weekday() == 5:
        return wanted - timedelta(days=1) if wanted.day > 1 else wanted + timedelta(days=2)
    if wanted.weekday() == 6:
        return wanted + timedelta(days=1) if wanted.day < last else wanted - timedelta(days=2)
    return wanted


def _week_day(part: str) -> DayTest:
    if part in ("*", "?"):
        return lambda day: True
    if "#" in part:
        name, _, number = part.partition("#")
        which, nth = _number(name, _DAYS), int(number)
        return lambda day: _sunday_first(day) == which and (day.day - 1) // 7 + 1 == nth
    if part.endswith("L"):
        which = _number(part[:-1] or "7", _DAYS)
        return lambda day: _sunday_first(day) == which and day.day > calendar.monthrange(day.year, day.month)[1] - 7
    wanted = _values(part, 1, 7, _DAYS)
    return lambda day: _sunday_first(day) in wanted


def _sunday_first(day: date) -> int:
    return day.isoweekday() % 7 + 1
