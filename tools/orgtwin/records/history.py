"""Field history: one row a tracked field that changed, two where the field refers to a record (its name, then its id).

Source: "Field History Tracking" (Salesforce Help), "StandardObjectNameHistory" (Object Reference). Long text and multi-select
fields tell that they changed, not what they were.
"""

from __future__ import annotations

from orgtwin.records.context import RecordsContext
from orgtwin.records.model import Row, Value
from orgtwin.records.own_rows import store_own_row
from orgtwin.records.saving import Pending, Save
from orgtwin.records.table import ID, Reader, RecordTable
from orgtwin.schema.companions import HISTORY_PREFIX, history_name
from orgtwin.schema.describe_field import LONG_TEXT
from orgtwin.schema.model import Field, FieldType, SObjectType

_DATA_TYPES = {
    FieldType.REFERENCE: "EntityId",
    FieldType.DATE: "DateOnly",
    FieldType.DATETIME: "DateTime",
    FieldType.BOOLEAN: "Boolean",
    FieldType.CURRENCY: "Currency",
    FieldType.DOUBLE: "Double",
    FieldType.INT: "Integer",
    FieldType.PERCENT: "Percent",
    FieldType.PICKLIST: "DynamicEnum",
    FieldType.MULTIPICKLIST: "MultiEnum",
}
Tracked = tuple[tuple[Field, Reader], ...]


def find_history(context: RecordsContext, table: RecordTable) -> SObjectType | None:
    """The history object of an object that keeps one and tracks any field."""
    return context.schema.find_type(history_name(table.type.api_name)) if table.compiled(_tracked_fields) else None


def track_history(context: RecordsContext, save: Save) -> None:
    """Write the history of a stored batch."""
    table = save.table
    tracked = table.compiled(_tracked_fields)
    history = find_history(context, table)
    if history is None:
        return
    link = "ParentId" if table.type.custom else f"{table.type.api_name}Id"
    for row in save.rows:
        for values in _history_of(context, tracked, row):
            record_id = context.ids.next_id(HISTORY_PREFIX)
            values[link] = row.content[ID]
            store_own_row(context, history.api_name, values, save.caller.user_id, record_id)


def _tracked_fields(table: RecordTable) -> Tracked:
    return tuple((f, table.reader(f.api_name)) for f in table.type.fields if f.track_history)


def _history_of(context: RecordsContext, tracked: Tracked, row: Pending) -> list[dict[str, Value]]:
    if row.before is None:
        return [{"Field": "created", "DataType": "Text"}]
    found: list[dict[str, Value]] = []
    for f, read in tracked:
        old, new = read(row.before), read(row.content)
        if old != new:
            found += _change(context, f, old, new)
    return found


def _change(context: RecordsContext, f: Field, old: Value, new: Value) -> list[dict[str, Value]]:
    name = f.api_name.removesuffix("Id") if f.type is FieldType.REFERENCE and not f.custom else f.api_name
    told: dict[str, Value] = {"Field": name, "DataType": _DATA_TYPES.get(f.type, "Text")}
    if f.length > LONG_TEXT and f.type in (FieldType.TEXTAREA, FieldType.MULTIPICKLIST):
        return [told]
    if f.type is not FieldType.REFERENCE:
        return [told | {"OldValue": old, "NewValue": new}]
    names = {"OldValue": _name_of(context, old), "NewValue": _name_of(context, new)}
    return [{**told, "DataType": "Text", **names}, told | {"OldValue": old, "NewValue": new}]


def _name_of(context: RecordsContext, record_id: Value) -> Value:
    sobject_type = context.schema.find_by_prefix(str(record_id)[:3]) if record_id else None
    if sobject_type is None:
        return None
    table = context.table(sobject_type.api_name)
    row: Row | None = table.get(str(record_id))
    name = next((f.api_name for f in sobject_type.fields if f.name_field), "Id")
    return None if row is None else table.reader(name)(row)
