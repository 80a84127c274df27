"""Fields that the org fills in by itself: who and when, owner, defaults, auto numbers, and which fields a save requires."""

from __future__ import annotations

import re
from datetime import datetime

from orgtwin.records.model import Row, Value
from orgtwin.records.table import (
    CREATED_BY,
    CREATED_DATE,
    ID,
    IS_DELETED,
    MODIFIED_BY,
    MODIFIED_DATE,
    SYSTEM_MODSTAMP,
    RecordTable,
)
from orgtwin.schema.model import Field, FieldType, SObjectType

_COUNTER = re.compile(r"\{(0+)\}")
_DATE_PARTS = {"{YYYY}": "%Y", "{YY}": "%y", "{MM}": "%m", "{DD}": "%d"}


def stamp_created(row: Row, record_id: str, user_id: str, now: datetime) -> None:
    row[ID] = record_id
    row[IS_DELETED] = False
    row[CREATED_DATE] = now
    row[CREATED_BY] = user_id
    stamp_modified(row, user_id, now)


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


def default_values(sobject_type: SObjectType) -> dict[str, Value]:
    """What a new record starts with: false for checkboxes, the default value of a picklist, constant defaults."""
    found: dict[str, Value] = {}
    for f in sobject_type.fields:
        if f.calculated or f.formula:
            continue
        if f.type is FieldType.BOOLEAN:
            found[f.api_name] = (f.default_formula or "").strip().lower() == "true"
        elif f.type in (FieldType.PICKLIST, FieldType.MULTIPICKLIST, FieldType.COMBOBOX):
            chosen = next((value.value for value in f.picklist if value.default and value.active), None)
            if chosen is not None:
                found[f.api_name] = chosen
    return found


def auto_number(display_format: str, number: int, now: datetime) -> str:
    """`A-{0000}` and number 7 make `A-0007`; `{YYYY}`, `{YY}`, `{MM}`, `{DD}` stand for the date. Source: "Custom Field Types"."""
    text = display_format
    for part, directive in _DATE_PARTS.items():
        text = text.replace(part, now.strftime(directive))
    return _COUNTER.sub(lambda zeros: str(number).rjust(len(zeros.group(1)), "0"), text)


def auto_number_fields(table: RecordTable) -> list[tuple[str, str]]:
    """Name and display format of every auto-number field."""
    return [(f.api_name, f.display_format or "{0}") for f in table.type.fields if f.auto_number]
