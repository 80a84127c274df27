"""Fields that the org fills in by itself: who and when, owner, defaults, auto numbers, and which fields a save requires."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache

from orgtwin.records.model import Row, Value
from orgtwin.records.table import (
    ID,
    MODIFIED_BY,
    MODIFIED_DATE,
    SYSTEM_MODSTAMP,
    RecordTable,
)
from orgtwin.schema.model import Field, FieldType, SObjectType

_COUNTER = re.compile(r"\{(0+)\}")
_DATE_PARTS = {"{YYYY}": "%Y", "{YY}": "%y", "{MM}": "%m", "{DD}": "%d"}


def stamp_created(row: Row, record_id: str, user_id: str, now: datetime) -> None:
    row[ID : SYSTEM_MODSTAMP + 1] = (record_id, *created_stamps(user_id, now))


def created_stamps(user_id: str, now: datetime) -> tuple[Value, ...]:
    """What a new row has in its system slots after its id."""
    return False, now, user_id, now, user_id, now


def stamp_modified(row: Row, user_id: str, now: datetime) -> None:
    row[MODIFIED_DATE] = now
    row[MODIFIED_BY] = user_id
    row[SYSTEM_MODSTAMP] = now


def required_fields(sobject_type: SObjectType) -> list[Field]:
    """Fields without which no record of this type is saved."""
    return [
        f
        for f in sobject_type.fields
        if f.required
        or (not f.nillable and f.createable and not f.defaulted_on_create and f.type is not FieldType.BOOLEAN)
    ]


def required_slots(table: RecordTable) -> list[tuple[int, str]]:
    """Slot and name of every required field."""
    return [(table.slot(f.api_name), f.api_name) for f in required_fields(table.type)]


def type_defaults(table: RecordTable) -> Mapping[str, Value]:
    """`default_values` of a table's type."""
    return default_values(table.type)


def default_values(sobject_type: SObjectType) -> dict[str, Value]:
    """What a new record starts with: checked checkboxes (the others read as false), the default value of a picklist."""
    found: dict[str, Value] = {}
    for f in sobject_type.fields:
        if f.calculated or f.formula:
            continue
        if f.type is FieldType.BOOLEAN:
            if (f.default_formula or "").strip().lower() == "true":
                found[f.api_name] = True
        elif f.type in (FieldType.PICKLIST, FieldType.MULTIPICKLIST, FieldType.COMBOBOX):
            chosen = next((value.value for value in f.picklist if value.default and value.active), None)
            if chosen is not None:
                found[f.api_name] = chosen
    return found


@cache
def auto_number_format(display_format: str) -> Callable[[int, datetime], str]:
    """`A-{0000}` makes `A-0007` of 7; `{YYYY}`, `{YY}`, `{MM}`, `{DD}` stand for the date. Source: "Custom Field Types"."""
    zeros = _COUNTER.search(display_format)
    before, after = (
        (display_format, "") if zeros is None else (display_format[: zeros.start()], display_format[zeros.end() :])
    )
    width = 0 if zeros is None else len(zeros.group(1))
    if not any(part in display_format for part in _DATE_PARTS):
        return lambda number, _now: f"{before}{number:0{width}d}{after}"
    return lambda number, now: f"{_dated(before, now)}{number:0{width}d}{_dated(after, now)}"


def _dated(text: str, now: datetime) -> str:
    for part, directive in _DATE_PARTS.items():
        text = text.replace(part, now.strftime(directive))
    return text


def text_names(table: RecordTable) -> list[int]:
    """The slot of a custom object's name that users type: left blank, it takes the record's id.

    Source: "Name" among the standard fields of custom objects (Object Reference, "Custom Objects").
    """
    if not table.type.custom or table.type.event:
        return []
    names = (f for f in table.type.fields if f.name_field and not f.auto_number)
    return [table.slot(f.api_name) for f in names]


def auto_numbers(table: RecordTable) -> list[tuple[int, tuple[str, str], Callable[[int, datetime], str]]]:
    """Slot, object and field, and format of every auto-number field."""
    return [
        (table.slot(f.api_name), (table.type.api_name, f.api_name), auto_number_format(f.display_format or "{0}"))
        for f in table.type.fields
        if f.auto_number
    ]
