"""Date, Datetime, Time, TimeZone. Sources: the class pages of the Apex Reference Guide; formats as java.text.SimpleDateFormat."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo

from orgtwin.apex import context
from orgtwin.apex.faults import argument_null, null_pointer, throw
from orgtwin.apex.library.hashing import hash_code
from orgtwin.apex.library.locales import of_dates
from orgtwin.apex.library.signatures import declare, system_class
from orgtwin.apex.library.zone_names import SHORT_IDS, display_name, zone_name
from orgtwin.apex.text import date_text, time_text, to_text
from orgtwin.apex.types import Type
from orgtwin.apex.values import Long, Value, to_utc
from orgtwin.zones import zone_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DATE_TEXT = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T].*)?")
_DATETIME_TEXT = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})[ T](\d{1,2}):(\d{1,2}):(\d{1,2}).*")
_US_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_US_DATETIME = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}),? (\d{1,2}):(\d{2})(?: ?([AaPp][Mm]))?")


def zone_named(name: str) -> tzinfo:
    """A time zone by id, or by its distance from GMT (`GMT+5`, `GMT-0330`); an unknown one is GMT. As in Java."""
    by_offset = _GMT_OFFSET.fullmatch(name)
    return (
        _fixed_zone(*by_offset.groups()) if by_offset else UTC if name == "GMT" else zone_of(SHORT_IDS.get(name, name))
    )


_GMT_OFFSET = re.compile(r"GMT([+-])(\d|[01]\d|2[0-3])(?::?([0-5]\d))?")


def _fixed_zone(sign: str, hours: str, minutes: str | None) -> tzinfo:
    distance = timedelta(hours=int(hours), minutes=int(minutes or 0))
    shown = f"GMT{sign}{int(hours):02}:{minutes or '00'}"
    return timezone(-distance if sign == "-" else distance, shown) if distance else UTC


def _zone() -> tzinfo:
    return context.engine().user_zone()


def add_months(day: date, months: int) -> date:
    """The same day of a later month, or its last day."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def new_date(year: int, month: int, day: int) -> date:
    """Lenient: month 13 is January of the next year."""
    if year is None or month is None or day is None:
        raise null_pointer()
    index = year * 12 + month - 1
    return date(index // 12, index % 12 + 1, 1) + timedelta(days=day - 1)


def _date_value_of(value: Value) -> date | None:
    if value is None:
        raise argument_null("1")
    if isinstance(value, datetime):
        return value.astimezone(_zone()).date()
    if type(value) is date:
        return value
    found = _DATE_TEXT.fullmatch(str(value))
    if found is None:
        raise throw("TypeException", f"Invalid date: {to_text(value)}")
    return _checked_date(int(found[1]), int(found[2]), int(found[3]), str(value))


def _checked_date(year: int, month: int, day: int, text: str) -> date:
    try:
        return date(year, month, day)
    except ValueError as error:
        raise throw("TypeException", f"Invalid date: {text}") from error


def _parse_date(text: str | None) -> date:
    if text is None:
        raise argument_null("1")
    found = _US_DATE.fullmatch(text.strip())
    if found is None:
        raise throw("TypeException", f"Invalid date: {text}")
    return _checked_date(int(found[3]), int(found[1]), int(found[2]), text)


def _months_between(this: date, other: date) -> int:
    return (other.year - this.year) * 12 + other.month - this.month


def _start_of_week(this: date) -> date:
    """Sunday, in en_US."""
    return this - timedelta(days=(this.weekday() + 1) % 7)


system_class(
    "Date",
    {
        "static Integer daysInMonth(Integer,Integer)": lambda year, month: calendar.monthrange(year, month)[1],
        "static Boolean isLeapYear(Integer)": calendar.isleap,
        "static Date newInstance(Integer,Integer,Integer)": new_date,
        "static Date parse(String)": of_dates("Date.parse", _parse_date),
        "static Date today()": lambda: context.engine().now().astimezone(_zone()).date(),
        "static Date valueOf(Object)": _date_value_of,
        "static Date valueOf(String)": _date_value_of,
        "Date addDays(Integer)": lambda this, days: this + timedelta(days=days),
        "Date addMonths(Integer)": add_months,
        "Date addYears(Integer)": lambda this, years: add_months(this, years * 12),
        "Integer day()": lambda this: this.day,
        "Integer dayOfYear()": lambda this: this.timetuple().tm_yday,
        "Integer daysBetween(Date)": lambda this, other: (_present(other) - this).days,
        "String format()": of_dates("Date.format", lambda this: f"{this.month}/{this.day}/{this.year}"),
        "Boolean isSameDay(Date)": lambda this, other: this == other,
        "Integer month()": lambda this: this.month,
        "Integer monthsBetween(Date)": _months_between,
        "Date toStartOfMonth()": lambda this: this.replace(day=1),
        "Date toStartOfWeek()": of_dates("Date.toStartOfWeek", _start_of_week),
        "Integer year()": lambda this: this.year,
        "Integer hashCode()": hash_code,
        "String toString()": date_text,
    },
)


def _present(value: Value) -> Value:
    if value is None:
        raise null_pointer()
    return value


# Datetime


def _local(*parts: int, zone: tzinfo | None = None) -> datetime:
    """Year, month, day, hour, minute, second: lenient as Java's calendar."""
    year, month, day, hour, minute, second = (*parts, *([0] * (6 - len(parts))))
    start = new_date(year, month, day)
    total = timedelta(hours=hour, minutes=minute, seconds=second)
    base = datetime(start.year, start.month, start.day) + total  # noqa: DTZ001  (the zone comes next)
    return base.replace(tzinfo=zone or _zone()).astimezone(UTC)


def _gmt(*parts: int) -> datetime:
    return _local(*parts, zone=UTC)


def _from_date(day: date, at: time | None = None, *, zone: tzinfo | None = None) -> datetime:
    at = at or time()
    moment = _local(day.year, day.month, day.day, at.hour, at.minute, at.second, zone=zone)
    return moment + timedelta(microseconds=at.microsecond)


def _new_datetime(first: Value, *rest: Value) -> datetime:
    if first is None:
        raise null_pointer()
    if type(first) is date:
        return _from_date(first, *rest)
    if not rest:
        return _EPOCH + timedelta(milliseconds=int(first))
    return _local(first, *rest)


def _new_datetime_gmt(first: Value, *rest: Value) -> datetime:
    if type(first) is date:
        return _from_date(first, *rest, zone=UTC)
    return _gmt(first, *rest)


def _datetime_value_of(value: Value, zone: tzinfo | None = None) -> datetime:
    if value is None:
        raise argument_null("1")
    if isinstance(value, datetime):
        return value
    if type(value) is date:
        return _from_date(value)
    if isinstance(value, int):
        return _EPOCH + timedelta(milliseconds=value)
    found = _DATETIME_TEXT.fullmatch(str(value))
    if found is None:
        raise throw("TypeException", f"Invalid date/time: {to_text(value)}")
    try:
        return _local(*(int(found[i]) for i in range(1, 7)), zone=zone)
    except ValueError as error:
        raise throw("TypeException", f"Invalid date/time: {to_text(value)}") from error


def _parse_datetime(text: str | None) -> datetime:
    if text is None:
        raise argument_null("1")
    found = _US_DATETIME.fullmatch(text.strip().replace("\u202f", " "))
    if found is None:
        raise throw("TypeException", f"Invalid date/time: {text}")
    hour = int(found[4])
    if found[6]:
        hour = hour % 12 + (12 if found[6].lower() == "pm" else 0)
    return _local(int(found[3]), int(found[1]), int(found[2]), hour, int(found[5]), 0)


_FORMAT = re.compile(r"'('|(?:[^']|'')+')|([A-Za-z])\2*|.", re.DOTALL)


def _pad(value: int, width: int) -> str:
    return str(value).zfill(width)


def _offset(moment: datetime, separator: str) -> str:
    minutes = int((moment.utcoffset() or timedelta()).total_seconds() // 60)
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02}{separator}{abs(minutes) % 60:02}"


def _zone_name(moment: datetime, width: int) -> str:
    zone_id = getattr(moment.tzinfo, "key", "GMT")
    if isinstance(moment.tzinfo, timezone) and moment.tzinfo is not UTC:
        return str(moment.tzinfo)
    return zone_name(zone_id, moment) if width > 3 else "GMT" if zone_id == "GMT" else moment.tzname() or "GMT"


def _iso_zone(moment: datetime, width: int) -> str:
    if not (moment.utcoffset() or timedelta()):
        return "Z"
    return _offset(moment, ":") if width == 3 else _offset(moment, "")[: 3 if width == 1 else 5]


def _year(moment: datetime, width: int) -> str:
    return _pad(moment.year % 100, 2) if width == 2 else _pad(moment.year, width)


def _saturday(moment: datetime) -> datetime:
    """The end of the week, which belongs to the year that its last day is in: the first week has January 1."""
    return moment + timedelta(days=(5 - moment.weekday()) % 7)


def _month(moment: datetime, width: int) -> str:
    if width >= 3:
        return calendar.month_name[moment.month] if width > 3 else calendar.month_abbr[moment.month]
    return _pad(moment.month, width)


def _weekday(moment: datetime, width: int) -> str:
    return calendar.day_name[moment.weekday()] if width > 3 else calendar.day_abbr[moment.weekday()]


_LETTERS: dict[str, Callable[[datetime, int], str]] = {
    "y": _year,
    "Y": lambda m, w: _year(_saturday(m), w),
    "M": _month,
    "L": _month,
    "d": lambda m, w: _pad(m.day, w),
    "D": lambda m, w: _pad(m.timetuple().tm_yday, w),
    "E": _weekday,
    "u": lambda m, w: _pad(m.isoweekday(), w),
    "a": lambda m, w: "AM" if m.hour < 12 else "PM",
    "H": lambda m, w: _pad(m.hour, w),
    "k": lambda m, w: _pad(m.hour or 24, w),
    "K": lambda m, w: _pad(m.hour % 12, w),
    "h": lambda m, w: _pad(m.hour % 12 or 12, w),
    "m": lambda m, w: _pad(m.minute, w),
    "s": lambda m, w: _pad(m.second, w),
    "S": lambda m, w: _pad(m.microsecond // 1000, w),
    "z": _zone_name,
    "Z": lambda m, w: _offset(m, ""),
    "X": _iso_zone,
    "w": lambda m, w: _pad((_saturday(m).timetuple().tm_yday + 6) // 7, w),
    "W": lambda m, w: _pad((m.day + (m.replace(day=1).weekday() + 1) % 7 - 1) // 7 + 1, w),
    "F": lambda m, w: _pad((m.day - 1) // 7 + 1, w),
    "G": lambda m, w: "AD",
}


def format_datetime(moment: datetime, pattern: str) -> str:
    """SimpleDateFormat in English."""

    def piece(found: re.Match[str]) -> str:
        if found[1] is not None:
            return found[1][:-1].replace("''", "'") or "'"
        if found[2] is None:
            if found[0] == "'":
                raise throw("IllegalArgumentException", "Unterminated quote")
            return found[0]
        letter = _LETTERS.get(found[2])
        if letter is None:
            raise throw("IllegalArgumentException", f"Illegal pattern character '{found[2]}'")
        return letter(moment, len(found[0]))

    return _FORMAT.sub(piece, pattern)


def _format(this: datetime, pattern: str | None = None, zone: str | None = None) -> str:
    moment = this.astimezone(zone_named(zone) if zone is not None else _zone())
    if pattern is None:
        return format_datetime(moment, "M/d/yyyy, h:mm a")
    return format_datetime(moment, pattern)


def _format_gmt(this: datetime, pattern: str) -> str:
    return format_datetime(this.astimezone(UTC), pattern)


def _in_zone(name: str) -> Value:
    return lambda this: getattr(this.astimezone(_zone()), name)


def _in_gmt(name: str) -> Value:
    return lambda this: getattr(this.astimezone(UTC), name)


def _add_months_local(this: datetime, months: int) -> datetime:
    local = this.astimezone(_zone())
    day = add_months(local.date(), months)
    return to_utc(local.replace(year=day.year, month=day.month, day=day.day))


def _add_days(this: datetime, days: int) -> datetime:
    local = this.astimezone(_zone())
    moved = (local.replace(tzinfo=None) + timedelta(days=days)).replace(tzinfo=_zone())
    return to_utc(moved)


def _milliseconds(this: datetime) -> Long:
    delta = this - _EPOCH
    return Long((delta.days * 86_400 + delta.seconds) * 1000 + delta.microseconds // 1000)


_INTEGERS = ",".join(["Integer"] * 3)
system_class(
    "Datetime",
    {
        **{
            f"static Datetime newInstance({args})": _new_datetime
            for args in ("Long", "Date,Time", _INTEGERS, ",".join(["Integer"] * 6))
        },
        **{
            f"static Datetime newInstanceGmt({args})": _new_datetime_gmt
            for args in ("Date,Time", _INTEGERS, ",".join(["Integer"] * 6))
        },
        **{f"Integer {name}()": _in_zone(name) for name in ("day", "hour", "minute", "month", "second", "year")},
        **{f"Integer {name}Gmt()": _in_gmt(name) for name in ("day", "hour", "minute", "month", "second", "year")},
        "static Datetime now()": lambda: to_utc(context.engine().now()),
        "static Datetime parse(String)": of_dates("Datetime.parse", _parse_datetime),
        "static Datetime valueOf(Object)": _datetime_value_of,
        "static Datetime valueOf(String)": _datetime_value_of,
        "static Datetime valueOfGmt(String)": lambda text: _datetime_value_of(text, UTC),
        "Datetime addDays(Integer)": _add_days,
        "Datetime addHours(Integer)": lambda this, n: this + timedelta(hours=n),
        "Datetime addMinutes(Integer)": lambda this, n: this + timedelta(minutes=n),
        "Datetime addMonths(Integer)": _add_months_local,
        "Datetime addSeconds(Integer)": lambda this, n: this + timedelta(seconds=n),
        "Datetime addYears(Integer)": lambda this, n: _add_months_local(this, n * 12),
        "Date date()": lambda this: this.astimezone(_zone()).date(),
        "Date dateGmt()": lambda this: this.astimezone(UTC).date(),
        "Integer dayOfYear()": lambda this: this.astimezone(_zone()).timetuple().tm_yday,
        "Integer dayOfYearGmt()": lambda this: this.astimezone(UTC).timetuple().tm_yday,
        "String format()": of_dates("Datetime.format", _format),
        "String format(String)": _format,
        "String format(String,String)": _format,
        "String formatGmt(String)": _format_gmt,
        "String formatLong()": of_dates("Datetime.formatLong", lambda this: _format(this, "M/d/yyyy, h:mm:ss a z")),
        "Long getTime()": _milliseconds,
        "Boolean isSameDay(Datetime)": lambda this, o: (
            this.astimezone(_zone()).date() == _present(o).astimezone(_zone()).date()
        ),
        "Integer millisecond()": lambda this: this.microsecond // 1000,
        "Integer millisecondGmt()": lambda this: this.microsecond // 1000,
        "Time time()": lambda this: this.astimezone(_zone()).time(),
        "Time timeGmt()": lambda this: this.astimezone(UTC).time(),
        "Integer hashCode()": hash_code,
        "String toString()": to_text,
    },
)


# Time


def _new_time(hour: int, minute: int, second: int, millisecond: int) -> time:
    if not (0 <= hour < 24 and 0 <= minute < 60 and 0 <= second < 60 and 0 <= millisecond < 1000):
        raise throw("TimeObjectException", "Invalid time")
    return time(hour, minute, second, millisecond * 1000)


def _shift(unit: int) -> Value:
    def run(this: time, amount: int) -> time:
        total = ((this.hour * 60 + this.minute) * 60 + this.second) * 1000 + this.microsecond // 1000 + amount * unit
        seconds, milli = divmod(total % 86_400_000, 1000)
        return time(seconds // 3600, seconds // 60 % 60, seconds % 60, milli * 1000)

    return run


system_class(
    "Time",
    {
        "static Time newInstance(Integer,Integer,Integer,Integer)": _new_time,
        "Time addHours(Integer)": _shift(3_600_000),
        "Time addMinutes(Integer)": _shift(60_000),
        "Time addSeconds(Integer)": _shift(1000),
        "Time addMilliseconds(Integer)": _shift(1),
        "Integer hour()": lambda this: this.hour,
        "Integer minute()": lambda this: this.minute,
        "Integer second()": lambda this: this.second,
        "Integer millisecond()": lambda this: this.microsecond // 1000,
        "String toString()": time_text,
    },
)


@dataclass(frozen=True, slots=True)
class TimeZone:
    """System.TimeZone."""

    name: str

    def __str__(self) -> str:
        return self.name

    @property
    def apex_type(self) -> Type:
        return declare("TimeZone").type


def _get_time_zone(name: str | None) -> TimeZone:
    """As Java: what is no time zone is GMT."""
    zone = zone_named(_present(name))
    return TimeZone("GMT" if zone is UTC else str(zone) if isinstance(zone, timezone) else _present(name))


def _zone_offset(this: TimeZone, moment: datetime) -> int:
    offset = moment.astimezone(zone_named(this.name)).utcoffset() or timedelta()
    return int(offset.total_seconds() * 1000)


def _display_name(this: TimeZone) -> str:
    return display_name(this.name, zone_named(this.name), to_utc(context.engine().now()))


system_class(
    "TimeZone",
    {
        "static TimeZone getTimeZone(String)": _get_time_zone,
        "String getID()": lambda this: this.name,
        "String getDisplayName()": _display_name,
        "Integer getOffset(Datetime)": _zone_offset,
        "String toString()": lambda this: this.name,
    },
)
