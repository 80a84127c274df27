"""Debug logs and what asks for them: ApexLog bodies, TraceFlag and DebugLevel.

Source: "ApexLog", "TraceFlag", "DebugLevel" (Tooling API Developer Guide).
"""

from __future__ import annotations

from msgspec.structs import replace

from orgtwin.errors import SalesforceError
from orgtwin.http import sobjects
from orgtwin.http.message import Request, Response, no_content
from orgtwin.http.routing import Handler, Route

_ROOT = "/services/data/{version}"
_WRITTEN = ("TraceFlag", "DebugLevel")


def log_body(request: Request) -> Response:
    """The text of a log."""
    from orgtwin.apex.service import service_of

    text = service_of(request.twin.org).logs.get(request.params["record_id"])
    if text is None:
        raise SalesforceError("NOT_FOUND", "The requested resource does not exist", status=404)
    return Response(200, text.encode("utf-8"), "text/plain;charset=UTF-8")


def delete_log(request: Request) -> Response:
    from orgtwin.apex.service import service_of

    if not service_of(request.twin.org).drop_log(request.params["record_id"]):
        raise SalesforceError("NOT_FOUND", "The requested resource does not exist", status=404)
    return no_content()


def _require_room(request: Request) -> None:
    """No flag is added or changed while the logs take too much room. ASSUMED: status code and text."""
    from orgtwin.apex.kept_logs import MOST_BYTES
    from orgtwin.apex.service import find_service

    service = find_service(request.twin.org)
    held = 0 if service is None else sum(map(len, service.logs.values()))
    if held > MOST_BYTES:
        raise SalesforceError(
            "FIELD_INTEGRITY_EXCEPTION",
            f"You have {held // 1_000_000} MB of the maximum {MOST_BYTES // 1_000_000} MB of debug logs. Before you can edit trace"
            " flags, delete some debug logs.",
        )


def _of(name: str, handler: Handler) -> Handler:
    """The handler of the data API for one object of the Tooling API."""

    def call(request: Request) -> Response:
        if request.method != "DELETE":
            _require_room(request)
        return handler(replace(request, params={**request.params, "sobject_type": name}))

    return call


ROUTES = (
    Route("GET", f"{_ROOT}/tooling/sobjects/ApexLog/{{record_id}}/Body", log_body),
    Route("GET", f"{_ROOT}/sobjects/ApexLog/{{record_id}}/Body", log_body),
    Route("DELETE", f"{_ROOT}/tooling/sobjects/ApexLog/{{record_id}}", delete_log),
    *(Route("POST", f"{_ROOT}/tooling/sobjects/{name}", _of(name, sobjects.create)) for name in _WRITTEN),
    *(
        Route("PATCH", f"{_ROOT}/tooling/sobjects/{name}/{{record_id}}", _of(name, sobjects.update))
        for name in _WRITTEN
    ),
    *(
        Route("DELETE", f"{_ROOT}/tooling/sobjects/{name}/{{record_id}}", _of(name, sobjects.delete))
        for name in _WRITTEN
    ),
)
