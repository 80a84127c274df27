"""/sobjects and /sobjects/X/describe: the schema as this caller sees it.

Source: "Describe Global", "sObject Describe", "sObject Basic Information" (REST API Developer Guide), with If-Modified-Since as
under "Conditional Requests".
"""

from __future__ import annotations

from datetime import datetime, timedelta

from orgtwin.http.conditions import http_date, unchanged_since
from orgtwin.http.message import Request, Response, json_response
from orgtwin.http.recent_items import RecentItems, recent_json
from orgtwin.http.records import require_type
from orgtwin.http.routing import Route
from orgtwin.organization import Organization
from orgtwin.schema.change_events import find_change_event_type
from orgtwin.schema.describe import describe_global, describe_object, describe_object_summary


class SchemaDates:
    """When the schema last changed, in whole seconds, as HTTP dates go.

    Every version has a second of its own: a client that asks twice within one second never takes an old answer for the new one.
    """

    def __init__(self, org: Organization) -> None:
        self._org = org
        self._version = org.schema.version
        self._changed_at = org.clock().replace(microsecond=0)

    @property
    def changed_at(self) -> datetime:
        version = self._org.schema.version
        if version != self._version:
            self._version = version
            self._changed_at = max(self._org.clock().replace(microsecond=0), self._changed_at + timedelta(seconds=1))
        return self._changed_at


def _conditional(request: Request, describe: object) -> Response:
    return json_response(describe, headers=(("Last-Modified", http_date(request.twin.part(SchemaDates).changed_at)),))


def _unchanged(request: Request) -> bool:
    return unchanged_since(request, request.twin.part(SchemaDates).changed_at)


def show_global(request: Request) -> Response:
    if _unchanged(request):
        return Response(304)
    return _conditional(request, describe_global(request.org, request.caller, request.data_path))


def _require_described(request: Request) -> str:
    """The name of an object that has records or of the change event of one."""
    name = request.params["sobject_type"]
    event = find_change_event_type(request.org.schema, name)
    return event.api_name if event is not None else require_type(request, name).api_name


def show_object(request: Request) -> Response:
    name = _require_described(request)
    if _unchanged(request):
        return Response(304)
    grants = request.twin.org.hooks.record_types
    return _conditional(request, describe_object(request.org, request.caller, name, request.data_path, grants))


def show_basic(request: Request) -> Response:
    name = _require_described(request)
    described = describe_object_summary(request.org, request.caller, name, request.data_path)
    shown = request.twin.part(RecentItems).shown_to(request.caller)
    recent = [recent_json(request, item) for item in shown if item.sobject_type.api_name == name]
    return json_response({"objectDescribe": described, "recentItems": recent})


_ROOT = "/services/data/{version}/sobjects"
ROUTES = (
    Route("GET", _ROOT, show_global),
    Route("GET", f"{_ROOT}/{{sobject_type}}", show_basic),
    Route("GET", f"{_ROOT}/{{sobject_type}}/describe", show_object),
)
