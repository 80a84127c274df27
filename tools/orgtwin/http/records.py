"""Records as REST shows them.

Source: "sObject Rows" (REST API Developer Guide), "Primitive Data Types" (SOAP API Developer Guide) for the forms of dates and
times.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from orgtwin.access.computed_tables import find_computed
from orgtwin.access.grants import Grant
from orgtwin.errors import SalesforceError
from orgtwin.http.message import Request
from orgtwin.ids import find_id18
from orgtwin.records.model import Row, Table
from orgtwin.schema.compounds import compound_parts
from orgtwin.schema.elsewhere import no_such_object
from orgtwin.schema.model import Field, FieldType, SObjectType
from orgtwin.soql import to_wire


def open_type(request: Request, name: str) -> tuple[SObjectType, Grant]:
    """As `require_type` for reading, with all that the caller may do with the object."""
    found = request.org.schema.find_type(name)
    grant = None if found is None else request.org.access.grant(request.caller, found.api_name)
    if found is None or grant is None or not grant.read:
        raise no_such_object(name)
    return found, grant


def require_type(request: Request, name: str, action: str = "read") -> SObjectType:
    """The object of that name. One that the caller may not `action` is, to this caller, not there. Raises NOT_FOUND (404)."""
    found = request.org.schema.find_type(name)
    if found is None or not request.org.access.can(request.caller, found.api_name, action):
        raise no_such_object(name)
    return found


def attributes(request: Request, sobject_type: str, record_id: str) -> dict[str, str]:
    return {"type": sobject_type, "url": f"{request.data_path}/sobjects/{sobject_type}/{record_id}"}


def readable_fields(request: Request, sobject_type: SObjectType) -> list[Field]:
    """Every field this caller may read, in the object's own order."""
    seen = request.org.access.readable_fields(request.caller, sobject_type.api_name)
    return [field for field in sobject_type.fields if field.api_name.lower() in seen]


def choose_fields(request: Request, sobject_type: SObjectType, names: Iterable[str]) -> list[Field]:
    """The named fields, in the order asked for. Raises INVALID_FIELD for one that is not there for this caller."""
    by_name = {field.api_name.lower(): field for field in readable_fields(request, sobject_type)}
    chosen = []
    for name in names:
        field = by_name.get(name.strip().lower())
        if field is None:
            raise SalesforceError(
                "INVALID_FIELD", f"No such column '{name}' on sobject of type {sobject_type.api_name}"
            )
        chosen.append(field)
    return chosen


def record_json(request: Request, sobject_type: SObjectType, row: Row, fields: Sequence[Field]) -> dict[str, object]:
    """One record with its attributes first."""
    table = request.org.table(sobject_type.api_name)
    record_id = str(table.reader("Id")(row))
    shown: dict[str, object] = {"attributes": attributes(request, sobject_type.api_name, record_id)}
    for field in fields:
        shown[field.api_name] = _field_json(request, sobject_type, table, row, field, record_id)
    return shown


def _field_json(
    request: Request, sobject_type: SObjectType, table: Table, row: Row, field: Field, record_id: str
) -> object:
    if field.type in (FieldType.ADDRESS, FieldType.LOCATION):
        return _compound_json(sobject_type, table, row, field)
    value = table.reader(field.api_name)(row)
    if field.type is FieldType.BASE64:
        # "Get Blob Data": the row shows where the blob is, never the blob.
        address = f"{request.data_path}/sobjects/{sobject_type.api_name}/{record_id}/{field.api_name}"
        return None if value is None else address
    return to_wire(value)


def _compound_json(sobject_type: SObjectType, table: Table, row: Row, field: Field) -> dict[str, object] | None:
    parts = {wire: to_wire(table.reader(part.api_name)(row)) for wire, part in compound_parts(sobject_type, field)}
    return dict(parts) if any(value is not None for value in parts.values()) else None


def is_visible(request: Request, sobject_type: SObjectType, row: Row) -> bool:
    """Whether sharing shows this row to the caller."""
    shows = request.org.access.row_filter(request.caller, sobject_type.api_name)
    return shows is None or shows(row)


def row_of(request: Request, sobject_type: SObjectType, text: str) -> Row:
    """The live row of an id. Raises NOT_FOUND, ENTITY_IS_DELETED (404)."""
    computed = find_computed(request.org, request.caller, sobject_type.api_name)
    table = request.org.table(sobject_type.api_name) if computed is None else computed
    record_id = find_id18(text)
    if record_id is None:
        raise SalesforceError(
            "NOT_FOUND", f"Provided external ID field does not exist or is not accessible: {text}", status=404
        )
    row = table.get(record_id)
    if row is None:
        read_id = table.reader("Id")
        gone = next((gone for gone in table.deleted_rows() if read_id(gone) == record_id), None)
        if gone is not None and is_visible(request, sobject_type, gone):
            raise SalesforceError("ENTITY_IS_DELETED", "entity is deleted", status=404)
    if row is None or not is_visible(request, sobject_type, row):
        raise SalesforceError("NOT_FOUND", "The requested resource does not exist", status=404)
    return row


def chosen_fields(request: Request, sobject_type: SObjectType) -> list[Field]:
    """The fields that `?fields=` names, or all that the caller may read."""
    names = request.query.get("fields")
    return choose_fields(request, sobject_type, names.split(",")) if names else readable_fields(request, sobject_type)
