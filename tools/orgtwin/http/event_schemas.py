"""/event/eventSchema/ID and /sobjects/X__e/eventSchema: what the payload of an event looks like.

Source: "Platform Event Schema by Schema ID", "Platform Event Schema by Event Name" (REST API Developer Guide).
"""

from __future__ import annotations

from orgtwin.errors import SalesforceError
from orgtwin.events.schemas import EventSchema, compact, expanded
from orgtwin.events.topics import may_hear
from orgtwin.http.message import Request, Response, json_response
from orgtwin.http.routing import Route


def by_id(request: Request) -> Response:
    schema = request.twin.events.schemas.find(request.params["schema_id"])
    if schema is None or not may_hear(request.twin.org.access, request.caller, schema.entity):
        raise SalesforceError("NOT_FOUND", "The requested resource does not exist", status=404)
    return _shown(request, schema)


def by_name(request: Request) -> Response:
    """Of a platform event."""
    events, name = request.twin.events, request.params["sobject_type"]
    found = next((t for t in request.org.schema if t.event and t.api_name == name), None)
    if found is None or not may_hear(request.twin.org.access, request.caller, found.api_name):
        raise SalesforceError("NOT_FOUND", "The requested resource does not exist", status=404)
    return _shown(request, events.schema(found.api_name))


def _shown(request: Request, schema: EventSchema) -> Response:
    form = request.query.get("payloadFormat", "EXPANDED").upper()
    return json_response(compact(schema) if form == "COMPACT" else expanded(schema))


ROUTES = (
    Route("GET", "/services/data/{version}/event/eventSchema/{schema_id}", by_id, since=40.0),
    Route("GET", "/services/data/{version}/sobjects/{sobject_type}/eventSchema", by_name, since=40.0),
)
