"""Which record types a record may have, and which picklist values they offer.

Source: "Record Types", "Assign Record Types" (Salesforce Help): a value outside the record's record type is refused like an unknown
one; who is not assigned a record type sees and edits its records, and cannot give it to one. The text is that of orgs.
ASSUMED: a caller in system mode gives any.
"""

from __future__ import annotations

from collections.abc import Callable

from orgtwin.errors import SaveError
from orgtwin.records.coerce import bad_picklist_value
from orgtwin.records.context import RecordsContext
from orgtwin.records.model import AccessLevel, Row, Value
from orgtwin.records.saving import Save
from orgtwin.records.table import Reader, RecordTable
from orgtwin.schema.model import Field, RecordType

Check = Callable[[Row], list[SaveError]]


def record_type_check(record_types: RecordTable, table: RecordTable) -> Check:
    """A function that names the values of a row which its record type does not offer."""
    offers = {rt.developer_name: _offers(rt, table) for rt in table.type.record_types}
    name_of = record_types.reader("DeveloperName")
    object_of = record_types.reader("SobjectType")
    type_of = table.reader("RecordTypeId")

    def check(row: Row) -> list[SaveError]:
        record_type_id = type_of(row)
        record_type = record_types.get(str(record_type_id))
        if record_type is None:
            return []
        if object_of(record_type) != table.type.api_name:
            return [_not_valid(record_type_id)]
        offered = offers.get(str(name_of(record_type)), ())
        return [
            bad_picklist_value(f, str(v)).error for f, read, values in offered if (v := read(row)) and v not in values
        ]

    return check


def _not_valid(record_type_id: Value) -> SaveError:
    message = f"Record Type ID: this ID value isn't valid for the user: {record_type_id!s}"
    return SaveError("INVALID_CROSS_REFERENCE_KEY", message, ("RecordTypeId",))


def require_granted(context: RecordsContext, save: Save) -> None:
    """Refuse rows that get a record type which their user was not assigned."""
    find_grant, type_of = context.hooks.record_types, save.table.reader("RecordTypeId")
    if find_grant is None or save.caller.access_level is not AccessLevel.USER_MODE:
        return
    given = [
        row for row in save.rows if type_of(row.content) != (type_of(row.before) if row.before is not None else None)
    ]
    if not given:
        return
    names = find_grant(save.caller.user_id, save.table.type.api_name).names
    record_types = context.table("RecordType")
    name_of = record_types.reader("DeveloperName")
    for row in given:
        record_type = record_types.get(str(type_of(row.content)))
        if record_type is not None and str(name_of(record_type)).lower() not in names:
            row.errors.append(_not_valid(type_of(row.content)))


def give_default(context: RecordsContext, save: Save) -> None:
    """Give new rows without a record type the default one of their user."""
    find_grant, type_of = context.hooks.record_types, save.table.reader("RecordTypeId")
    bare = [row for row in save.rows if row.before is None and type_of(row.content) is None]
    default = find_grant(save.caller.user_id, save.table.type.api_name).default if bare and find_grant else None
    if default is None:
        return
    record_types = context.table("RecordType")
    name_of, object_of = record_types.reader("DeveloperName"), record_types.reader("SobjectType")
    for record_type in record_types.rows():
        if str(name_of(record_type)).lower() == default and object_of(record_type) == save.table.type.api_name:
            for row in bare:
                save.table.write(row.content, "RecordTypeId", record_type[0])


def _offers(record_type: RecordType, table: RecordTable) -> tuple[tuple[Field, Reader, frozenset[str]], ...]:
    found = []
    for name, values in record_type.picklist_values:
        f = table.type.find_field(name)
        if f is not None and f.restricted_picklist:
            found.append((f, table.reader(name), frozenset(values)))
    return tuple(found)
