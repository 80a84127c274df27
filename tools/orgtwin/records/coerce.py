"""From what the wire gave to a typed value, one compiled function a field; each refuses with the platform's code and words.

Two kinds of wire: JSON, where a wrong type refuses the whole request (JSON_PARSER_ERROR), and CSV text, where it refuses the row
(INVALID_TYPE_ON_FIELD_IN_RECORD). Sources: "Primitive Data Types", "Field Types" (Object Reference), "Valid Date Formats in
Records" (Bulk API 2.0 Developer Guide).
"""

from __future__ import annotations

import base64
import binascii
import re
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from functools import lru_cache

from orgtwin.errors import SalesforceError, SaveError
from orgtwin.records.known_values import LONGEST, MOST, KnownValues
from orgtwin.records.model import Value
from orgtwin.schema.model import Field, FieldType

Coercer = Callable[[object], Value]

_INT_LIMIT = 2**31 - 1
_EMAIL = re.compile(r"[^\s@<>()\[\],;:\"\\]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
_TIME = re.compile(r"\d{2}:\d{2}:\d{2}(\.\d{1,6})?Z?")
_MOST_DIGITS = 18
_DATE_LENGTH = len("2026-02-01")
# The sf CLI writes the span of a trace flag as milliseconds, and moves it by a date as HTTP has it.
_HTTP_DATE = re.compile(r"[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECONDS = range(-62_135_596_800_000, 253_402_300_800_000)  # from the epoch, over the years 1 to 9999

_LOOSE_OFFSET = re.compile(r"([+-]\d{2})(\d{2})$")
_JSON_TOKENS: tuple[tuple[type, str], ...] = (
    (bool, "VALUE_TRUE"),
    (int, "VALUE_NUMBER_INT"),
    (float, "VALUE_NUMBER_FLOAT"),
    (Decimal, "VALUE_NUMBER_FLOAT"),
    (str, "VALUE_STRING"),
    (dict, "START_OBJECT"),
    (list, "START_ARRAY"),
)


class RowRefused(Exception):
    """One row cannot be saved; the call goes on with the others."""

    def __init__(self, error: SaveError) -> None:
        super().__init__(error.message)
        self.error = error


def refuse(code: str, message: str, *fields: str) -> RowRefused:
    """The refusal of a row, ready to raise."""
    return RowRefused(SaveError(code, message, fields))


_MOST_SHARED = 256
CLEAR = "#N/A"


@lru_cache(maxsize=8192)
def _shared_date(text: str) -> date:
    """The day of YYYY-MM-DD; equal days are one object, for an org has few of them. Raises ValueError."""
    if text[7] != "-":
        raise ValueError(text)  # the date of a week, which Python reads and the platform does not
    return date.fromisoformat(text)


def compile_coercer(f: Field, *, text: bool) -> Coercer:
    """The function that turns wire values of a field into typed ones.

    JSON: any value may come; null and the empty string clear. CSV: only texts come, never an empty one; #N/A clears. A field
    that is cleared is None; a checkbox cannot be.
    """
    return known_texts(f).__getitem__ if text else _COMPILERS[f.type](f, _otherwise(f, text=False))


def known_texts(f: Field) -> KnownValues:
    """The coercer of CSV text, with what it remembers."""
    coerce = _COMPILERS[f.type](f, _otherwise(f, text=True))
    return KnownValues(coerce, {} if f.type is FieldType.BOOLEAN else {CLEAR: None})


_Otherwise = Callable[[object], Value]
"""What becomes of a wire value that is none of the field's type: None when it clears the field; a refusal when it does not."""


def _otherwise(f: Field, *, text: bool) -> _Otherwise:
    wrong = _wrong_text if text else _wrong_json
    clears = (CLEAR,) if text else (None, "")

    def clear_or_refuse(value: object) -> Value:
        if value not in clears:
            raise wrong(f, value)
        if (
            f.type is FieldType.BOOLEAN
        ):  # ASSUMED text: a checkbox is never null, a request that says so is refused by type
            raise refuse("INVALID_TYPE_ON_FIELD_IN_RECORD", f"{f.label}: value not of required type: ", f.api_name)
        return None

    return clear_or_refuse


def _wrong_json(f: Field, value: object) -> SalesforceError:
    token = next((name for kind, name in _JSON_TOKENS if isinstance(value, kind)), "VALUE_EMBEDDED_OBJECT")
    token = "VALUE_FALSE" if value is False else token
    return SalesforceError(
        "JSON_PARSER_ERROR",
        f"Cannot deserialize instance of {f.type.value} from {token} value {value} "
        "or request may be missing a required field at [line:1, column:2]",
    )


def _wrong_text(f: Field, value: object) -> RowRefused:
    return refuse("INVALID_TYPE_ON_FIELD_IN_RECORD", f"{f.label}: value not of required type: {value}", f.api_name)


def _text(f: Field, otherwise: _Otherwise) -> Coercer:
    limit = f.length or sys.maxsize
    most_shared = 0 if f.unique else _MOST_SHARED
    shared: dict[str, str] = {}  # equal short values are one object, in columns that have few of them

    find_known = shared.get

    def coerce(value: object) -> Value:
        if not isinstance(value, str):
            return otherwise(value)
        known = find_known(value)
        if known is not None:
            return known
        kept = value.strip()
        if len(kept) > limit:
            raise too_long(f, kept)
        if len(shared) < most_shared and 0 < len(kept) <= LONGEST:
            shared[value] = kept
        return kept or None

    return coerce


def too_long(f: Field, value: str) -> RowRefused:
    return refuse("STRING_TOO_LONG", f"{f.label}: data value too large: {value} (max length={f.length})", f.api_name)


def _email(f: Field, otherwise: _Otherwise) -> Coercer:
    text = _text(f, otherwise)

    def coerce(value: object) -> Value:
        address = text(value)
        if isinstance(address, str) and not _EMAIL.fullmatch(address):
            raise refuse("INVALID_EMAIL_ADDRESS", f"{f.label}: invalid email address: {address}", f.api_name)
        return address

    return coerce


def _picklist(f: Field, otherwise: _Otherwise) -> Coercer:
    text = _text(f, otherwise)
    active = {value.value: value.value for value in f.picklist if value.active}

    def coerce(value: object) -> Value:
        known = active.get(value) if isinstance(value, str) else None
        if known is not None:
            return known
        chosen = text(value)
        if chosen is not None and f.restricted_picklist and chosen not in active:
            return _in_any_case(f, active, str(chosen))
        return chosen

    return coerce


def _in_any_case(f: Field, active: Iterable[str], chosen: str) -> str:
    """The value of a restricted picklist that was meant. ASSUMED, from public tests that pass in orgs: case does not count."""
    folded = chosen.lower()
    found = next((value for value in active if value.lower() == folded), None)
    if found is None:
        raise bad_picklist_value(f, chosen)
    return found


def bad_picklist_value(f: Field, value: str) -> RowRefused:
    message = f"{f.label}: bad value for restricted picklist field: {value}"
    return refuse("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, f.api_name)


def _multipicklist(f: Field, otherwise: _Otherwise) -> Coercer:
    """Values joined by semicolons, each once, kept in the order of the value set as the org stores them."""
    rank = {value.value: position for position, value in enumerate(f.picklist)}
    active = {value.value for value in f.picklist if value.active}

    def coerce(value: object) -> Value:
        if not isinstance(value, str):
            return otherwise(value)
        chosen = dict.fromkeys(part.strip() for part in value.split(";") if part.strip())
        if f.restricted_picklist:
            unknown = next((part for part in chosen if part not in active), None)
            if unknown is not None:
                raise bad_picklist_value(f, unknown)
        return ";".join(sorted(chosen, key=lambda part: rank.get(part, len(rank)))) or None

    return coerce


def _boolean(_f: Field, otherwise: _Otherwise) -> Coercer:
    words = {"true": True, "false": False, "1": True, "0": False}

    def coerce(value: object) -> Value:
        if isinstance(value, bool):
            return value
        known = words.get(value.strip().lower()) if isinstance(value, str) else None
        return otherwise(value) if known is None else known

    return coerce


def _int(f: Field, otherwise: _Otherwise) -> Coercer:
    number = _decimal(f, otherwise)
    limit: int = min(int("9" * f.precision), _INT_LIMIT) if f.precision else _INT_LIMIT

    def coerce(value: object) -> Value:
        if type(value) is int and -limit <= value <= limit:
            return value
        parsed = number(value)
        if not isinstance(parsed, Decimal):
            return parsed
        if not -limit <= parsed <= limit:
            raise out_of_range(f, value)
        whole = int(parsed)
        return whole if whole == parsed else otherwise(value)

    return coerce


def _decimal(f: Field, otherwise: _Otherwise) -> Coercer:
    """A float is the number that its shortest decimal form writes."""
    ceiling = number_ceiling(f)
    known: dict[type, dict[object, Decimal]] = {
        int: {},
        float: {},
        Decimal: {},
        str: {},
    }  # 1, 1.0 and true are equal keys

    def coerce(value: object) -> Value:
        numbers = known.get(type(value))
        if numbers is None:
            return otherwise(value)
        number = numbers.get(value)
        if number is not None:
            return number
        try:
            number = Decimal(str(value).strip())
        except InvalidOperation:
            return otherwise(value)
        if not number.is_finite():
            return otherwise(value)
        if not -ceiling < number < ceiling:
            raise out_of_range(f, value)
        if len(numbers) < MOST:
            numbers[value] = number
        return number

    return coerce


def number_ceiling(f: Field) -> Decimal:
    """The numbers of a field are smaller than this, and larger than its negative."""
    return Decimal(10) ** ((f.precision or _MOST_DIGITS) - f.scale)


def out_of_range(f: Field, value: object) -> RowRefused:
    message = f"{f.label}: value outside of valid range on numeric field: {value}"
    return refuse("NUMBER_OUTSIDE_VALID_RANGE", message, f.api_name)


def _date(_f: Field, otherwise: _Otherwise) -> Coercer:
    def coerce(value: object) -> Value:
        if isinstance(value, str) and len(value) == _DATE_LENGTH:
            try:
                return _shared_date(value)
            except ValueError:
                return otherwise(value)
        return value if type(value) is date else otherwise(value)

    return coerce


def _datetime(_f: Field, otherwise: _Otherwise) -> Coercer:
    def coerce(value: object) -> Value:
        moment = value
        if isinstance(value, str) and "T" in value:
            try:
                moment = (
                    parsedate_to_datetime(value)
                    if value[-1] == "T" and _HTTP_DATE.fullmatch(value)
                    else datetime.fromisoformat(value if value[-1] == "Z" else _LOOSE_OFFSET.sub(r"\1:\2", value))
                )
            except ValueError:
                return otherwise(value)
        elif type(value) is int and value in _MILLISECONDS:
            moment = _EPOCH + timedelta(milliseconds=value)
        if not isinstance(moment, datetime):
            return otherwise(value)
        if moment.tzinfo is not UTC:
            moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        surplus = moment.microsecond % 1000
        return moment.replace(microsecond=moment.microsecond - surplus) if surplus else moment

    return coerce


def _time(_f: Field, otherwise: _Otherwise) -> Coercer:
    def coerce(value: object) -> Value:
        if isinstance(value, str) and _TIME.fullmatch(value):
            try:
                return time.fromisoformat(value.removesuffix("Z"))
            except ValueError:
                return otherwise(value)
        return value if isinstance(value, time) else otherwise(value)

    return coerce


def _base64(_f: Field, otherwise: _Otherwise) -> Coercer:
    def coerce(value: object) -> Value:
        if isinstance(value, str) and value:
            try:
                return base64.b64decode(value, validate=True)
            except binascii.Error:
                return otherwise(value)
        return value if isinstance(value, bytes) else otherwise(value)

    return coerce


def _not_writable(_f: Field, otherwise: _Otherwise) -> Coercer:
    return otherwise


_COMPILERS: dict[FieldType, Callable[[Field, _Otherwise], Coercer]] = {
    FieldType.ID: _text,
    FieldType.STRING: _text,
    FieldType.TEXTAREA: _text,
    FieldType.BOOLEAN: _boolean,
    FieldType.INT: _int,
    FieldType.DOUBLE: _decimal,
    FieldType.CURRENCY: _decimal,
    FieldType.PERCENT: _decimal,
    FieldType.DATE: _date,
    FieldType.DATETIME: _datetime,
    FieldType.TIME: _time,
    FieldType.EMAIL: _email,
    FieldType.PHONE: _text,
    FieldType.URL: _text,
    FieldType.PICKLIST: _picklist,
    FieldType.MULTIPICKLIST: _multipicklist,
    FieldType.COMBOBOX: _text,
    FieldType.REFERENCE: _text,
    FieldType.ADDRESS: _not_writable,
    FieldType.LOCATION: _not_writable,
    FieldType.BASE64: _base64,
    FieldType.ENCRYPTED_STRING: _text,
    FieldType.ANY_TYPE: _text,
    FieldType.COMPLEX_VALUE: _text,
}
