"""/services/apexrest: classes of the org that say they are REST resources.

Source: "Exposing Apex Classes as REST Web Services" (Apex Developer Guide). See orgtwin/apex/rest.py.
"""

from __future__ import annotations

from urllib.parse import unquote

from orgtwin.http.message import Request, Response
from orgtwin.http.routing import Route

_ROOT = "/services/apexrest"


def call_apex(request: Request) -> Response:
    """Run the method that the path and the verb name. Apex is imported when the first caller needs it."""
    from orgtwin.apex.rest import RestCall, answer
    from orgtwin.apex.service import service_of

    service = service_of(request.twin.org)
    path = unquote(request.path[request.path.index(_ROOT) + len(_ROOT) :]) or "/"
    headers = {_as_written(name): value for name, value in request.headers.items()}
    call = RestCall(request.method, path, headers, request.query, request.body, request.remote_address)
    user_id = request.caller.user_id
    with service.as_user(user_id) as engine, service.logged(engine, user_id, f"{_ROOT}{path}"):
        found = answer(engine, call, service.hooks.later, lambda name: service.may_call(request.caller, name))
    answered = {name.lower(): (name, value) for name, value in found.headers.items()}
    _, content_type = answered.pop("content-type", ("", "application/json;charset=UTF-8"))
    return Response(found.status, found.body, content_type, tuple(answered.values()))


def _as_written(name: str) -> str:
    """ASSUMED: a header as clients write it, `Content-Type`; the server has its name in lower case, and Apex maps mind the case."""
    return "-".join(part.capitalize() for part in name.split("-"))


ROUTES = tuple(Route(verb, f"{_ROOT}/**", call_apex) for verb in ("GET", "POST", "PUT", "PATCH", "DELETE"))
