"""/twin/admin: what Apex and flows leave behind or wait for. Nothing here exists in an org.

GET    /twin/admin/outbox      the e-mails that were sent
DELETE /twin/admin/outbox      forget them
POST   /twin/admin/due         {"at": "2026-03-04T12:00:00Z"}: run the jobs and scheduled paths due by then; without a body, by now
"""

from __future__ import annotations

from datetime import datetime

from orgtwin.errors import SalesforceError
from orgtwin.http.message import Request, Response, json_response
from orgtwin.http.routing import Door, Route


def show_outbox(request: Request) -> Response:
    """The e-mails that Apex and flows sent, which nobody gets."""
    from orgtwin.apex.service import service_of

    return json_response(service_of(request.twin.org).outbox + request.twin.flows.outbox)


def empty_outbox(request: Request) -> Response:
    """Forget the e-mails that were sent."""
    from orgtwin.apex.service import service_of

    outbox = service_of(request.twin.org).outbox
    count = len(outbox) + len(request.twin.flows.outbox)
    outbox.clear()
    request.twin.flows.outbox.clear()
    return json_response({"forgotten": count})


def run_due(request: Request) -> Response:
    """How many scheduled jobs and scheduled paths of flows ran."""
    from orgtwin.apex.service import service_of

    asked = request.json_object().get("at") if request.body else None
    try:
        moment = request.org.clock() if asked is None else datetime.fromisoformat(str(asked))
    except ValueError as error:
        raise SalesforceError("TWIN_BAD_REQUEST", f"at must be a date and time in ISO 8601: {asked!r}") from error
    if moment.tzinfo is None:
        raise SalesforceError("TWIN_BAD_REQUEST", f"at must have a time zone: {asked!r}")
    ran = service_of(request.twin.org).hooks.run_due(moment) + request.twin.flows.run_due(moment)
    return json_response({"ran": ran})


ROUTES = (
    Route("GET", "/twin/admin/outbox", show_outbox, Door.ADMIN),
    Route("DELETE", "/twin/admin/outbox", empty_outbox, Door.ADMIN),
    Route("POST", "/twin/admin/due", run_due, Door.ADMIN),
)
