"""Dates and instants, in the forms that contract migrations bring: 7/22/2019, 2019-07-22, []/[]/2020, perpetual."""

from __future__ import annotations

import datetime
import functools
import re
import zoneinfo

from clmkit.mapping.values.outcome import Outcome, Refusal, SalesforceValue, Target, Value, find_several, quote, to_text

EARLIEST, LATEST = datetime.date(1700, 1, 1), datetime.date(4000, 12, 31)
"""Salesforce keeps dates from 1700-01-01 to 4000-12-31. Source: Salesforce Help, Date field range."""

_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_US = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")
_SHORT_YEAR = re.compile(r"[0-9]{1,2}/[0-9]{1,2}/[0-9]{2}")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])(:([0-5][0-9])(\.[0-9]{1,3})?)?Z?")


@functools.cache
def known_zones() -> frozenset[str]:
    """Every time zone by its IANA name. Read once: asking walks through all files of the database."""
    return frozenset(zoneinfo.available_timezones())


def read_iso_date(value: object, target: Target) -> Outcome:
    text = to_text(value)
    if isinstance(text, Refusal):
        return text
    match = _ISO.fullmatch(text)
    if match is None:
        return Refusal(f"{quote(text)} is not a date in the form 2019-07-22.")
    return _to_date(text, *match.groups())


def read_us_date(value: object, target: Target) -> Outcome:
    """Month/day/year with a four-digit year, or ISO. A blank (`[]`) is named, two answers are refused, no century is guessed."""
    text = to_text(value)
    if isinstance(text, Refusal):
        return text
    several = find_several(text)
    if several:
        return several
    if "[" in text:
        return _refuse_blanks(text)
    if iso := _ISO.fullmatch(text):
        return _to_date(text, *iso.groups())
    if match := _US.fullmatch(text):
        month, day, year = match.groups()
        return _to_date(text, year, month, day)
    if _SHORT_YEAR.fullmatch(text):
        return Refusal(f"{quote(text)} has a year of two digits; write the century in the CLM.")
    return Refusal(f"{quote(text)} is not a date in the form 7/22/2019 or 2019-07-22.")


def _to_date(text: str, year: str, month: str, day: str) -> Outcome:
    try:
        date = datetime.date(int(year), int(month), int(day))
    except ValueError:
        return Refusal(f"{quote(text)} is not a day in the calendar.")
    if not EARLIEST <= date <= LATEST:
        return Refusal(f"{quote(text)} is outside the years 1700 to 4000 that Salesforce keeps.")
    return Value(date.isoformat())


def _refuse_blanks(text: str) -> Refusal:
    parts = text.split("/")
    names = ("month", "day", "year")
    if len(parts) != 3:
        return Refusal(f"{quote(text)} leaves a part of the date blank; Salesforce needs day, month and year.")
    blank = [name for name, part in zip(names, parts, strict=True) if "[" in part]
    return Refusal(f"{quote(text)} leaves the {' and the '.join(blank)} blank; Salesforce needs day, month and year.")


def read_instant(value: object, target: Target) -> Outcome:
    """An ISO instant, written in UTC with milliseconds as Salesforce returns it. Without an offset it is refused."""
    text = to_text(value)
    if isinstance(text, Refusal):
        return text
    instant = _parse_instant(text)
    if isinstance(instant, Refusal):
        return instant
    return Value(instant.strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant.microsecond // 1000:03d}Z")


def read_date_of_instant(value: object, target: Target) -> Outcome:
    """The calendar day of an instant: in the field's zone, or where it was written, by its own offset. Never in UTC by accident."""
    text = to_text(value)
    if isinstance(text, Refusal):
        return text
    instant = _parse_instant(text)
    if isinstance(instant, Refusal):
        return instant
    day = instant.astimezone(zoneinfo.ZoneInfo(target.zone)).date().isoformat() if target.zone else text[:10]
    return _to_date(text, day[:4], day[5:7], day[8:10])


def _parse_instant(text: str) -> datetime.datetime | Refusal:
    """The instant in UTC."""
    match = _INSTANT.fullmatch(text)
    if match is None:
        return Refusal(f"{quote(text)} is not a time stamp in the form 2019-07-22T14:30:00Z.")
    if match.group(3) is None:
        return Refusal(f"{quote(text)} names no time zone; write Z or an offset such as -05:00.")
    try:
        instant = datetime.datetime.fromisoformat(text)
        instant = instant.astimezone(datetime.UTC)
    except (ValueError, OverflowError):
        return Refusal(f"{quote(text)} is not a day and time in the calendar.")
    if not EARLIEST <= instant.date() <= LATEST:
        return Refusal(f"{quote(text)} is outside the years 1700 to 4000 that Salesforce keeps.")
    return instant


def read_time(value: object, target: Target) -> Outcome:
    text = to_text(value)
    if isinstance(text, Refusal):
        return text
    match = _TIME.fullmatch(text)
    if match is None:
        return Refusal(f"{quote(text)} is not a time of day in the form 14:30.")
    hours, minutes, _, seconds, fraction = match.groups()
    return Value(f"{hours}:{minutes}:{seconds or '00'}{(fraction or '.').ljust(4, '0')}Z")


def to_clm_text(value: SalesforceValue, target: Target) -> object:
    """Salesforce's ISO text as the CLM keeps it."""
    return value
