"""BusinessHours: time that passes only while a business is open.

Source: "BusinessHours Class" (Apex Reference Guide), BusinessHours (Object Reference). A day that opens and closes at midnight is
open all day; one without times is closed. Holidays are not counted (ASSUMED: none is assigned).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from orgtwin.apex import context
from orgtwin.apex.faults import throw
from orgtwin.apex.library.signatures import system_class
from orgtwin.apex.text import to_text
from orgtwin.apex.values import Long

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_FARTHEST = 366 * 10
"""Days looked ahead for an open one; hours that never open are refused."""


@dataclass(frozen=True, slots=True)
class Hours:
    """When a business is open, Monday first; None is closed."""

    zone: ZoneInfo
    days: tuple[tuple[time, time] | None, ...]

    def spans(self, first: datetime, step: int) -> Iterator[tuple[datetime, datetime]]:
        """Open spans in UTC, day after day from the one before `first`, or backwards from the one after."""
        day = first.astimezone(self.zone).date() - timedelta(days=step)
        for _ in range(_FARTHEST):
            opens = self.days[day.weekday()]
            if opens is not None:
                yield self._moment(day, opens[0]), self._end(day, opens)
            day += timedelta(days=step)

    def _end(self, day: date, opens: tuple[time, time]) -> datetime:
        return self._moment(day + timedelta(days=1) if opens[1] == time() else day, opens[1])

    def _moment(self, day: date, at: time) -> datetime:
        return datetime.combine(day, at, self.zone).astimezone(UTC)


def _hours(record_id: str) -> Hours:
    names = [f"{day}{edge}Time" for day in _DAYS for edge in ("Start", "End")]
    text = f"SELECT TimeZoneSidKey, {', '.join(names)} FROM BusinessHours WHERE Id = :id"  # noqa: S608  (fixed names)
    rows = context.engine().port.query(text, {"id": str(record_id)}, user_mode=False)
    if not isinstance(rows, list) or not rows:
        raise throw("HandledException", f"Invalid id: {to_text(record_id)}")
    fields = rows[0].fields
    times = [fields.get(name) for name in names]
    days = tuple(
        (opens, closes) if isinstance(opens, time) and isinstance(closes, time) else None
        for opens, closes in zip(times[::2], times[1::2], strict=True)
    )
    return Hours(ZoneInfo(str(fields.get("TimeZoneSidKey") or "UTC")), days)


def _is_within(record_id: str, moment: datetime) -> bool:
    return any(start <= moment < end for start, end in _near(_hours(record_id), moment))


def _near(hours: Hours, moment: datetime) -> Iterator[tuple[datetime, datetime]]:
    for start, end in hours.spans(moment, 1):
        if start > moment:
            return
        yield start, end


def _next_start(record_id: str, moment: datetime) -> datetime | None:
    """The moment itself while the business is open, or when it next opens."""
    spans = _hours(record_id).spans(moment, 1)
    return next((max(start, moment) for start, end in spans if end > moment), None)


def _add(record_id: str, moment: datetime, milliseconds: int) -> datetime | None:
    """So much open time later; earlier for a negative interval."""
    left = timedelta(milliseconds=abs(milliseconds))
    forwards = milliseconds >= 0
    for start, end in _hours(record_id).spans(moment, 1 if forwards else -1):
        begin, finish = (max(start, moment), end) if forwards else (start, min(end, moment))
        if finish <= begin:
            continue
        if finish - begin >= left:
            return begin + left if forwards else finish - left
        left -= finish - begin
    return None


def _difference(record_id: str, start: datetime, end: datetime) -> Long:
    """Milliseconds of open time between two moments; negative when the second is earlier."""
    first, last = min(start, end), max(start, end)
    total = timedelta()
    for opens, closes in _hours(record_id).spans(first, 1):
        if opens >= last:
            break
        total += max(min(closes, last) - max(opens, first), timedelta())
    milliseconds = total // timedelta(milliseconds=1)
    return Long(milliseconds if start <= end else -milliseconds)


system_class(
    "BusinessHours",
    {
        "static Datetime add(String,Datetime,Long)": _add,
        "static Datetime addGmt(String,Datetime,Long)": _add,
        "static Long diff(String,Datetime,Datetime)": _difference,
        "static Boolean isWithin(String,Datetime)": _is_within,
        "static Datetime nextStartDate(String,Datetime)": _next_start,
    },
)
