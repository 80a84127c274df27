"""Which record types a record may have, and which picklist values they offer.

Source: "Record Types" (Salesforce Help): a value outside the record's record type is refused like an unknown one.
"""

from __future__ import annotations

from collections.abc import Callable

from orgtwin.errors import SaveError
from orgtwin.records.coerce import bad_picklist_value
from orgtwin.records.model import Row
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
            message = f"Record Type ID: this ID value isn't valid for the user: {record_type_id!s}"
            return [SaveError("INVALID_CROSS_REFERENCE_KEY", message, ("RecordTypeId",))]
        offered = offers.get(str(name_of(record_type)), ())
        return [
            bad_picklist_value(f, str(v)).error for f, read, values in offered if (v := read(row)) and v not in values
        ]

    return check


def _offers(record_type: RecordType, table: RecordTable) -> tuple[tuple[Field, Reader, frozenset[str]], ...]:
    found = []
    for name, values in record_type.picklist_values:
        f = table.type.find_field(name)
        if f is not None and f.restricted_picklist:
            found.append((f, table.reader(name), frozenset(values)))
    return tuple(found)
