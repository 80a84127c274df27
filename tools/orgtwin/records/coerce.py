"""From what the wire gave to a typed value, one compiled function a field; each refuses with the platform's code and words.

Two kinds of wire: JSON, where a wrong type refuses the whole request (JSON_PARSER_ERROR), and CSV text, where it refuses the row
(INVALID_TYPE_ON_FIELD_IN_RECORD). Sources: "Primitive Data Types", "Field Types" (Object Reference), "Valid Date Formats in
Records" (Bulk API 2.0 Developer Guide).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from orgtwin.errors import SalesforceError, SaveError
from orgtwin.records.model import Value
from orgtwin.schema.model import Field, FieldType

Coercer = Callable[[object], Value]

_INT_LIMIT = 2**31 - 1
_EMAIL = re.compile(r"[^\s@<>()\[\],;:\"\\]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
_TIME = re.compile(r"\d{2}:\d{2}:\d{2}(\.\d{1,6})?Z?")
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
_LONGEST_SHARED = 80
_NUMBER_KINDS = frozenset({int, float, Decimal, str})
_shared_date = lru_cache(maxsize=8192)(date.fromisoformat)  # equal values share one object: an org has few dates


@lru_cache(maxsize=8192, typed=True)
def _shared_decimal(value: object) -> Decimal:
    """The number that a wire value writes, a float by its shortest decimal form."""
    return Decimal(str(value).strip())


def compile_coercer(f: Field, *, text: bool) -> Coercer:
    """The function that turns wire values of a field into typed ones. It is never called with None or the empty string."""
    wrong = _wrong_text if text else _wrong_json
    coerce = _COMPILERS[f.type](f, lambda value: wrong(f, value))
    return lru_cache(maxsize=1024)(coerce) if text and f.type in _FEW_VALUES else coerce


# Most columns of these types have few different values; a CSV writes each of them again in every row.
_FEW_VALUES = frozenset(
    {
        *(FieldType.BOOLEAN, FieldType.INT, FieldType.DOUBLE, FieldType.CURRENCY, FieldType.PERCENT),
        *(FieldType.DATE, FieldType.DATETIME, FieldType.TIME, FieldType.PICKLIST, FieldType.MULTIPICKLIST),
    }
)
_Wrong = Callable[[object], Exception]


def _wrong_json(f: Field, value: object) -> Exception:
    token = next((name for kind, name in _JSON_TOKENS if isinstance(value, kind)), "VALUE_EMBEDDED_OBJECT")
    token = "VALUE_FALSE" if value is False else token
    return SalesforceError(
        "JSON_PARSER_ERROR",
        f"Cannot deserialize instance of {f.type.value} from {token} value {value} "
        "or request may be missing a required field at [line:1, column:2]",
    )


def _wrong_text(f: Field, value: object) -> Exception:
    return refuse("INVALID_TYPE_ON_FIELD_IN_RECORD", f"{f.label}: value not of required type: {value}", f.api_name)


def _text(f: Field, wrong: _Wrong) -> Coercer:
    limit = f.length
    shared: dict[str, str] = {}  # equal short values are one object, in columns that have few of them

    def coerce(value: object) -> Value:
        if not isinstance(value, str):
            raise wrong(value)
        known = shared.get(value)
        if known is not None:
            return known
        kept = value.strip() or None
        if kept is None:
            return None
        if limit and len(kept) > limit:
            raise too_long(f, kept)
        if len(shared) < _MOST_SHARED and len(kept) <= _LONGEST_SHARED:
            shared[value] = kept
        return kept

    return coerce


def too_long(f: Field, value: str) -> RowRefused:
    return refuse("STRING_TOO_LONG", f"{f.label}: data value too large: {value} (max length={f.length})", f.api_name)


def _email(f: Field, wrong: _Wrong) -> Coercer:
    text = _text(f, wrong)

    def coerce(value: object) -> Value:
        address = text(value)
        if isinstance(address, str) and not _EMAIL.fullmatch(address):
            raise refuse("INVALID_EMAIL_ADDRESS", f"{f.label}: invalid email address: {address}", f.api_name)
        return address

    return coerce


def _picklist(f: Field, wrong: _Wrong) -> Coercer:
    text = _text(f, wrong)
    active = {value.value: value.value for value in f.picklist if value.active}

    def coerce(value: object) -> Value:
        known = active.get(value) if isinstance(value, str) else None
        if known is not None:
            return known
        chosen = text(value)
        if chosen is not None and f.restricted_picklist and chosen not in active:
            raise bad_picklist_value(f, str(chosen))
        return chosen

    return coerce


def bad_picklist_value(f: Field, value: str) -> RowRefused:
    message = f"{f.label}: bad value for restricted picklist field: {value}"
    return refuse("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, f.api_name)


def _multipicklist(f: Field, wrong: _Wrong) -> Coercer:
    """Values joined by semicolons, each once, kept in the order of the value set as the org stores them."""
    rank = {value.value: position for position, value in enumerate(f.picklist)}
    active = {value.value for value in f.picklist if value.active}

    def coerce(value: object) -> Value:
        if not isinstance(value, str):
            raise wrong(value)
        chosen = dict.fromkeys(part.strip() for part in value.split(";") if part.strip())
        if f.restricted_picklist:
            unknown = next((part for part in chosen if part not in active), None)
            if unknown is not None:
                raise bad_picklist_value(f, unknown)
        return ";".join(sorted(chosen, key=lambda part: rank.get(part, len(rank)))) or None

    return coerce


def _boolean(_f: Field, wrong: _Wrong) -> Coercer:
    words = {"true": True, "false": False, "1": True, "0": False}

    def coerce(value: object) -> Value:
        if isinstance(value, bool):
            return value
        known = words.get(value.strip().lower()) if isinstance(value, str) else None
        if known is None:
            raise wrong(value)
        return known

    return coerce


def _int(f: Field, wrong: _Wrong) -> Coercer:
    number = _decimal(f, wrong)
    limit: int = min(int("9" * f.precision), _INT_LIMIT) if f.precision else _INT_LIMIT

    def coerce(value: object) -> Value:
        if type(value) is int and -limit <= value <= limit:
            return value
        parsed = number(value)
        if not isinstance(parsed, Decimal) or parsed != int(parsed):
            raise wrong(value)
        whole = int(parsed)
        if abs(whole) > limit:
            raise out_of_range(f, value)
        return whole

    return coerce


def _decimal(f: Field, wrong: _Wrong) -> Coercer:
    ceiling = Decimal(10) ** (f.precision - f.scale) if f.precision and f.type is not FieldType.INT else None

    def coerce(value: object) -> Value:
        if type(value) not in _NUMBER_KINDS:
            raise wrong(value)
        try:
            number = _shared_decimal(value)
        except InvalidOperation:
            raise wrong(value) from None
        if not number.is_finite():
            raise wrong(value)
        if ceiling is not None and abs(number) >= ceiling:
            raise out_of_range(f, value)
        return number

    return coerce


def out_of_range(f: Field, value: object) -> RowRefused:
    message = f"{f.label}: value outside of valid range on numeric field: {value}"
    return refuse("NUMBER_OUTSIDE_VALID_RANGE", message, f.api_name)


def _date(_f: Field, wrong: _Wrong) -> Coercer:
    def coerce(value: object) -> Value:
        if type(value) is date:
            return value
        if not isinstance(value, str) or len(value) != 10:
            raise wrong(value)
        try:
            return _shared_date(value)
        except ValueError:
            raise wrong(value) from None

    return coerce


def _datetime(_f: Field, wrong: _Wrong) -> Coercer:
    def coerce(value: object) -> Value:
        if isinstance(value, datetime):
            moment = value
        elif isinstance(value, str) and "T" in value:
            moment = _parse_moment(value, wrong)
        else:
            raise wrong(value)
        if moment.tzinfo is not UTC:
            moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        surplus = moment.microsecond % 1000
        return moment.replace(microsecond=moment.microsecond - surplus) if surplus else moment

    return coerce


def _parse_moment(value: str, wrong: _Wrong) -> datetime:
    try:
        return datetime.fromisoformat(value if value.endswith("Z") else _LOOSE_OFFSET.sub(r"\1:\2", value))
    except ValueError:
        raise wrong(value) from None


def _time(_f: Field, wrong: _Wrong) -> Coercer:
    def coerce(value: object) -> Value:
        if isinstance(value, time):
            return value
        if not isinstance(value, str) or not _TIME.fullmatch(value):
            raise wrong(value)
        try:
            return time.fromisoformat(value.removesuffix("Z"))
        except ValueError:
            raise wrong(value) from None

    return coerce


def _base64(_f: Field, wrong: _Wrong) -> Coercer:
    def coerce(value: object) -> Value:
        if isinstance(value, bytes):
            return value
        if not isinstance(value, str):
            raise wrong(value)
        try:
            return base64.b64decode(value, validate=True)
        except binascii.Error:
            raise wrong(value) from None

    return coerce


def _not_writable(_f: Field, wrong: _Wrong) -> Coercer:
    def coerce(value: object) -> Value:
        raise wrong(value)

    return coerce


_COMPILERS: dict[FieldType, Callable[[Field, _Wrong], Coercer]] = {
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
