"""Functions of dates, date-times and times."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from orgtwin.formula.code import Code, Compiling, Special, function
from orgtwin.formula.context import Context
from orgtwin.formula.errors import FormulaEvaluationError
from orgtwin.formula.operators import EXACT, milliseconds, time_of
from orgtwin.formula.tree import Call
from orgtwin.formula.types import FormulaType as T
from orgtwin.records.model import Value

_NUMBER = (T.NUMBER, T.NULL)
_DATE = (T.DATE, T.NULL)
_TIME = (T.TIME, T.NULL)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DATE_TEXT = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_DATETIME_TEXT = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})[ T](\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.\d+)?)?Z?")
_TIME_TEXT = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3}))?)?")


def _date(year: Decimal, month: Decimal, day: Decimal) -> Value:
    if not 1 <= year <= 9999:
        raise FormulaEvaluationError("Year out of range in DATE() function")
    try:
        return date(int(year), int(month), int(day))
    except (ValueError, OverflowError) as error:
        raise FormulaEvaluationError("Month or Day out of range in DATE() function") from error


def _date_value(context: Context, value: str | date | datetime) -> Value:
    """The day of a date-time in the running user's zone; text must be YYYY-MM-DD."""
    if isinstance(value, datetime):
        return value.astimezone(context.zone).date()
    if isinstance(value, date):
        return value
    numbers = _parse(_DATE_TEXT, value, "date")
    return None if numbers is None else _built(date, numbers, value)


def _datetime_value(value: str | date | datetime) -> Value:
    """Text and dates are read in GMT."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    numbers = _parse(_DATETIME_TEXT, value, "date/time")
    if numbers is None:
        return None
    return _built(lambda *parts: datetime(*parts, tzinfo=UTC), numbers, value)  # type: ignore[misc]


def _time_value(value: str | datetime | time) -> Value:
    if isinstance(value, datetime):
        return value.astimezone(UTC).time()
    if isinstance(value, time):
        return value
    numbers = _parse(_TIME_TEXT, value, "time")
    if numbers is None:
        return None
    hour, minute, second, millis = (*numbers, 0, 0)[:4]
    return _built(time, [hour, minute, second, millis * 1000], value)


def _parse(pattern: re.Pattern[str], text: str, what: str) -> list[int] | None:
    if not text:
        return None
    match = pattern.fullmatch(text.strip())
    if match is None:
        raise FormulaEvaluationError(f"Invalid {what}: {text}")
    return [int(group) for group in match.groups() if group is not None]


def _built(build: Callable[..., date | datetime | time], numbers: list[int], text: str) -> Value:
    try:
        return build(*numbers)
    except ValueError as error:
        raise FormulaEvaluationError(f"Invalid date: {text}") from error


def _add_months(compiler: Compiling, call: Call) -> Code:
    """Same day, months later; the last day of a month stays the last day."""
    compiler.count(call, 2, 2)
    start = compiler.argument(call, 0, T.DATE, T.DATETIME, T.NULL)
    months = compiler.argument(call, 1, *_NUMBER).run
    read = start.run

    def run(context: Context) -> Value:
        value, count = read(context), months(context)
        if not isinstance(value, date) or not isinstance(count, Decimal):
            return None
        return add_months(value, int(count))

    return Code(start.type, run, call)


def add_months(start: date, months: int) -> date:
    """Of a date or a date-time (same type back). A day that the target month lacks rolls over only from a month's last day."""
    is_last = (start + timedelta(days=1)).day == 1
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise FormulaEvaluationError("Date out of range in ADDMONTHS() function")
    length = _days_in(year, month + 1)
    return start.replace(year=year, month=month + 1, day=length if is_last else min(start.day, length))


def _days_in(year: int, month: int) -> int:
    if month == 12:
        return 31
    return (date(year, month + 1, 1) - timedelta(days=1)).day


def _weekday(day: date) -> Value:
    """1 is Sunday."""
    return Decimal(day.isoweekday() % 7 + 1)


def _unix_timestamp(value: date | datetime | time) -> Value:
    if isinstance(value, time):
        return EXACT.divide(Decimal(milliseconds(value)), Decimal(1000))
    moment = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day, tzinfo=UTC)
    return Decimal((moment - _EPOCH) // timedelta(seconds=1))


def _from_unix_time(seconds: Decimal) -> Value:
    try:
        return _EPOCH + timedelta(seconds=int(seconds))
    except OverflowError as error:
        raise FormulaEvaluationError("Date out of range") from error


def _time_now(context: Context) -> Value:
    return time_of(milliseconds(context.now.astimezone(UTC).time()))


def _today(context: Context) -> Value:
    return context.now.astimezone(context.zone).date()


FUNCTIONS = (
    Special("ADDMONTHS", _add_months),
    function("DATE", (_NUMBER, _NUMBER, _NUMBER), T.DATE, _date),
    function("DATEVALUE", ((T.TEXT, T.ID, T.DATETIME, T.DATE, T.NULL),), T.DATE, _date_value, takes_context=True),
    function("DATETIMEVALUE", ((T.TEXT, T.ID, T.DATETIME, T.DATE, T.NULL),), T.DATETIME, _datetime_value),
    function("TIMEVALUE", ((T.TEXT, T.ID, T.DATETIME, T.TIME, T.NULL),), T.TIME, _time_value),
    function("TODAY", (), T.DATE, _today, takes_context=True),
    function("NOW", (), T.DATETIME, lambda context: context.now, takes_context=True),
    function("TIMENOW", (), T.TIME, _time_now, takes_context=True),
    function("YEAR", (_DATE,), T.NUMBER, lambda day: Decimal(day.year)),
    function("MONTH", (_DATE,), T.NUMBER, lambda day: Decimal(day.month)),
    function("DAY", (_DATE,), T.NUMBER, lambda day: Decimal(day.day)),
    function("WEEKDAY", (_DATE,), T.NUMBER, _weekday),
    function("DAYOFYEAR", (_DATE,), T.NUMBER, lambda day: Decimal(day.timetuple().tm_yday)),
    function("ISOWEEK", (_DATE,), T.NUMBER, lambda day: Decimal(day.isocalendar().week)),
    function("ISOYEAR", (_DATE,), T.NUMBER, lambda day: Decimal(day.isocalendar().year)),
    function("HOUR", (_TIME,), T.NUMBER, lambda moment: Decimal(moment.hour)),
    function("MINUTE", (_TIME,), T.NUMBER, lambda moment: Decimal(moment.minute)),
    function("SECOND", (_TIME,), T.NUMBER, lambda moment: Decimal(moment.second)),
    function("MILLISECOND", (_TIME,), T.NUMBER, lambda moment: Decimal(moment.microsecond // 1000)),
    function("UNIXTIMESTAMP", ((T.DATE, T.DATETIME, T.TIME, T.NULL),), T.NUMBER, _unix_timestamp),
    function("FROMUNIXTIME", (_NUMBER,), T.DATETIME, _from_unix_time),
)
