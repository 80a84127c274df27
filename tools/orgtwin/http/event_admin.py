"""/twin/admin/events: what an org does to its event stream without a request that asks for it."""

from __future__ import annotations

from orgtwin.errors import SalesforceError
from orgtwin.events.model import ChangeType
from orgtwin.http.message import Request, Response, json_response, no_content
from orgtwin.http.routing import Door, Route


def show(request: Request) -> Response:
    """How many events are kept, and which objects are captured."""
    events = request.twin.events
    return json_response({"kept": len(events.bus), "captured": sorted(events.channels.captured)})


def send_gap(request: Request) -> Response:
    """{"entity": "Contract", "changeType": "GAP_UPDATE", "recordIds": ["800..."]}: a change made in the database itself.

    UPDATE with the id "800*" is what a field type conversion that loses data sends.
    """
    body = request.json_object()
    events, entity = request.twin.events, str(body.get("entity"))
    if entity not in events.channels.captured:
        raise SalesforceError("TWIN_BAD_REQUEST", f"no channel has {entity!r} as a member: nobody would hear of a gap")
    try:
        change_type = ChangeType(str(body.get("changeType", "GAP_UPDATE")))
    except ValueError as error:
        raise SalesforceError("TWIN_BAD_REQUEST", f"{error}; known: {', '.join(ChangeType)}") from error
    ids = body.get("recordIds")
    if not isinstance(ids, list) or not ids:
        raise SalesforceError("TWIN_BAD_REQUEST", "recordIds must be a list of at least one id")
    events.send_gap(entity, change_type, [str(record_id) for record_id in ids])
    return no_content()


def expire(request: Request) -> Response:
    """Every event that is kept passes out of the retention window, and its replay id with it."""
    return json_response({"expired": request.twin.events.expire()})


def set_overflow_threshold(request: Request) -> Response:
    """{"changes": 100}: from how many changes a transaction sends overflow events; 100,000 in an org."""
    changes = request.json_object().get("changes")
    if not isinstance(changes, int) or changes < 1:
        raise SalesforceError("TWIN_BAD_REQUEST", f"changes must be a whole number of at least 1, not {changes!r}")
    request.twin.events.overflow_threshold = changes
    return no_content()


def set_keepalive(request: Request) -> Response:
    """{"seconds": 0.1}: how long a subscription is silent before it gets an empty answer; 270 in an org."""
    seconds = request.json_object().get("seconds")
    if not isinstance(seconds, int | float) or seconds <= 0:
        raise SalesforceError("TWIN_BAD_REQUEST", f"seconds must be a number above 0, not {seconds!r}")
    request.twin.events.keepalive_seconds = float(seconds)
    return no_content()


ROUTES = (
    Route("GET", "/twin/admin/events", show, Door.ADMIN),
    Route("POST", "/twin/admin/events/gap", send_gap, Door.ADMIN),
    Route("POST", "/twin/admin/events/expire", expire, Door.ADMIN),
    Route("PUT", "/twin/admin/events/overflow-threshold", set_overflow_threshold, Door.ADMIN),
    Route("PUT", "/twin/admin/events/keepalive", set_keepalive, Door.ADMIN),
)
