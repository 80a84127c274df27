"""/sobjects/X/id/Relationship...: the blob of a record, its parents, and the children of where the path leads.

Source: "sObject Relationships" with its pages for getting, updating and deleting, "Traverse Relationships with Friendly URLs",
"sObject Blob Get" (REST API Developer Guide): up to five parents, then one set of children; only a parent is changed or deleted;
404 where no record is. ASSUMED: how a path that is too long, or a change of children, is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import unquote

from orgtwin.errors import SalesforceError
from orgtwin.http.message import Request, Response, json_response, no_content
from orgtwin.http.query import run_query
from orgtwin.http.records import chosen_fields, record_json, require_type, row_of
from orgtwin.http.results import refused
from orgtwin.http.routing import Route
from orgtwin.records.model import Row
from orgtwin.schema.model import Field, FieldType, SObjectType

_DEEPEST = 5


def _not_found() -> SalesforceError:
    return SalesforceError("NOT_FOUND", "The requested resource does not exist", status=404)


def _names(request: Request) -> list[str]:
    """The parts of the path behind the record's id."""
    rest = request.path.rstrip("/").split(f"/{request.params['record_id']}/", 1)[-1]
    return [unquote(name) for name in rest.split("/") if name]


def _start(request: Request) -> tuple[SObjectType, Row]:
    sobject_type = require_type(request, request.params["sobject_type"])
    return sobject_type, row_of(request, sobject_type, request.params["record_id"])


def _readable(request: Request, sobject_type: SObjectType, field: Field | None) -> Field | None:
    """The field, unless the caller may not read it."""
    seen = request.org.access.readable_fields(request.caller, sobject_type.api_name)
    return field if field is not None and field.api_name.lower() in seen else None


def _climb(request: Request, start: tuple[SObjectType, Row], names: Sequence[str]) -> tuple[SObjectType, Row]:
    """The parent at the end of the names. Raises NOT_FOUND (404) where a name is no parent or none is set."""
    if len(names) > _DEEPEST:
        raise SalesforceError(
            "INVALID_FIELD", f"No more than {_DEEPEST} child-to-parent relationships can be traversed"
        )
    sobject_type, row = start
    for name in names:
        field = _readable(request, sobject_type, sobject_type.find_relationship(name))
        parent_id = None if field is None else request.org.table(sobject_type.api_name).reader(field.api_name)(row)
        if parent_id is None:
            raise _not_found()
        found = request.org.schema.find_by_prefix(str(parent_id)[:3])
        sobject_type = require_type(request, found.api_name if found else "")
        row = row_of(request, sobject_type, str(parent_id))
    return sobject_type, row


def _last_parent(request: Request, start: tuple[SObjectType, Row], names: Sequence[str]) -> tuple[SObjectType, Row]:
    """The parent that the last of all names of the path leads to, from where the others have led."""
    if len(names) > _DEEPEST:
        raise SalesforceError(
            "INVALID_FIELD", f"No more than {_DEEPEST} child-to-parent relationships can be traversed"
        )
    return _climb(request, start, names[-1:])


def read_related(request: Request) -> Response:
    """GET: what the last name leads to."""
    names = _names(request)
    sobject_type, row = _climb(request, _start(request), names[:-1])
    field = _readable(request, sobject_type, sobject_type.find_field(names[-1]))
    table = request.org.table(sobject_type.api_name)
    if field is not None and field.type is FieldType.BASE64:
        blob = table.reader(field.api_name)(row)
        return Response(200, blob if isinstance(blob, bytes) else b"", "application/octet-stream")
    if sobject_type.find_relationship(names[-1]) is None:
        return _read_children(request, sobject_type, str(table.reader("Id")(row)), names[-1])
    parent_type, parent = _last_parent(request, (sobject_type, row), names)
    return json_response(record_json(request, parent_type, parent, chosen_fields(request, parent_type)))


def _read_children(request: Request, sobject_type: SObjectType, record_id: str, name: str) -> Response:
    children = request.org.schema.children_of(sobject_type.api_name)
    found = next((c for c in children if (c.relationship_name or "").lower() == name.lower()), None)
    if found is None:
        raise _not_found()
    child_type = require_type(request, found.child_type)
    fields = ",".join(field.api_name for field in chosen_fields(request, child_type))
    # Every part of this text is the schema's own or an id that was looked up.
    text = f"SELECT {fields} FROM {child_type.api_name} WHERE {found.field} = '{record_id}'"  # noqa: S608
    return run_query(request, text)


def _parent_id(request: Request) -> tuple[SObjectType, str]:
    names = _names(request)
    sobject_type, row = _climb(request, _start(request), names[:-1])
    if sobject_type.find_relationship(names[-1]) is None:
        children = request.org.schema.children_of(sobject_type.api_name)
        if any((child.relationship_name or "").lower() == names[-1].lower() for child in children):
            text = f"HTTP Method '{request.method}' not allowed. Allowed are GET"
            raise SalesforceError("METHOD_NOT_ALLOWED", text, status=405)
    parent_type, parent = _last_parent(request, (sobject_type, row), names)
    return parent_type, str(request.org.table(parent_type.api_name).reader("Id")(parent))


def update_related(request: Request) -> Response:
    """PATCH: the values of the body become the parent's."""
    parent_type, parent_id = _parent_id(request)
    result = request.dml.update(request.caller, parent_type.api_name, [{**request.record(), "Id": parent_id}])[0]
    return no_content() if result.success else refused(request, result)


def delete_related(request: Request) -> Response:
    """DELETE: the parent."""
    _, parent_id = _parent_id(request)
    result = request.dml.delete(request.caller, [parent_id])[0]
    return no_content() if result.success else refused(request, result)


_PATH = "/services/data/{version}/sobjects/{sobject_type}/{record_id}/{child}/**"
ROUTES = (
    Route("GET", _PATH, read_related, since=36.0),
    Route("PATCH", _PATH, update_related, since=36.0),
    Route("DELETE", _PATH, delete_related, since=36.0),
)
