"""/sobjects/X/updated and /deleted: which records changed or went between two moments.

Source: "Get Updated" and "Get Deleted" (REST API Developer Guide): start and end as ISO 8601, to the minute, at most 30 days apart;
earliestDateAvailable is when the recycle bin begins.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from orgtwin.errors import SalesforceError
from orgtwin.http.message import Request, Response, json_response
from orgtwin.http.records import is_visible, require_type
from orgtwin.http.routing import Route
from orgtwin.soql import to_wire

_LONGEST = timedelta(days=30)
_RECYCLE_BIN = timedelta(days=15)


def _span(request: Request) -> tuple[datetime, datetime]:
    start, end = (_moment(request, name) for name in ("start", "end"))
    if start >= end:
        raise SalesforceError("INVALID_REPLICATION_DATE", "startDate before endDate required")
    if request.org.clock() - start > _LONGEST:
        raise SalesforceError("INVALID_REPLICATION_DATE", "startDate cannot be more than 30 days ago")
    return start, end


def _moment(request: Request, name: str) -> datetime:
    text = request.query.get(name, "")
    try:
        # A plus sign that was not encoded arrives as a space.
        moment = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError as error:
        raise SalesforceError(
            "INVALID_REPLICATION_DATE", f"{name}: {text!r} is not an ISO 8601 date and time"
        ) from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).replace(second=0, microsecond=0)


def updated(request: Request) -> Response:
    sobject_type = require_type(request, request.params["sobject_type"])
    start, end = _span(request)
    table = request.org.table(sobject_type.api_name)
    read_id, read_stamp = table.reader("Id"), table.reader("SystemModstamp")
    ids = [
        read_id(row)
        for row in table.rows()
        if _within(read_stamp(row), start, end) and is_visible(request, sobject_type, row)
    ]
    return json_response({"ids": ids, "latestDateCovered": to_wire(min(end, request.org.clock()))})


def deleted(request: Request) -> Response:
    sobject_type = require_type(request, request.params["sobject_type"])
    start, end = _span(request)
    table = request.org.table(sobject_type.api_name)
    read_id, read_stamp = table.reader("Id"), table.reader("SystemModstamp")
    rows = [
        {"deletedDate": to_wire(read_stamp(row)), "id": read_id(row)}
        for row in table.deleted_rows()
        if _within(read_stamp(row), start, end) and is_visible(request, sobject_type, row)
    ]
    now = request.org.clock()
    return json_response(
        {
            "deletedRecords": rows,
            "earliestDateAvailable": to_wire(now - _RECYCLE_BIN),
            "latestDateCovered": to_wire(min(end, now)),
        }
    )


def _within(value: object, start: datetime, end: datetime) -> bool:
    return isinstance(value, datetime) and start <= value < end


_X = "/services/data/{version}/sobjects/{sobject_type}"
ROUTES = (
    Route("GET", f"{_X}/updated", updated),
    Route("GET", f"{_X}/deleted", deleted),
)
