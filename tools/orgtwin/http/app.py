"""The ASGI application: reads a request, opens its door, runs its handler, renders the answer.

Nothing here knows a surface; surfaces.py lists them.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from orgtwin.errors import SalesforceError
from orgtwin.faults.table import Plan
from orgtwin.http.doors import open_door, session_token
from orgtwin.http.encoding import pack, pretty, too_large, unpack, worth_packing
from orgtwin.http.envelopes import render_error
from orgtwin.http.message import JSON, Request, Response
from orgtwin.http.routing import Door, Match, Route, RouteTable
from orgtwin.http.twin import Twin
from orgtwin.http.versions import NEWEST, OLDEST

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

log = logging.getLogger("orgtwin")

# "REST API Request Limits": a body of 50 MB, an address with headers of 16,384 bytes.
REST_BODY_LIMIT = 50 * 1024 * 1024
_ADDRESS_LIMIT = 16_384
_VERSION = re.compile(r"v?(\d{2,3})\.0")


def _not_found(_request: Request) -> Response:
    raise SalesforceError("NOT_FOUND", "The requested resource does not exist", status=404)


_NO_ROUTE = Route("*", "*", _not_found)
_NO_ROUTE_OPEN = Route("*", "*", _not_found, Door.OPEN)


class _ClientGone(Exception):
    """The client closed the connection in the middle of its request."""


class Application:
    """One event loop, one org, any number of listeners."""

    def __init__(self, twin: Twin, routes: Iterable[Route]) -> None:
        self.twin = twin
        self._table = RouteTable(routes)
        twin.dispatch = self.inside

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError(f"orgtwin speaks HTTP only, not {scope['type']}")
        raw_path = scope["raw_path"].decode("latin-1")
        request = _read_head(self.twin, scope, raw_path)
        route, response = self._route(request, raw_path)
        if response is None:
            response = await self._converse(route, request, receive)
        if response is None:
            await _cut(scope)
        else:
            await _write(scope, request, self._finish(request, response), send)

    async def _converse(self, route: Route, request: Request, receive: Receive) -> Response | None:
        """Read the body and run the handler; None when there is nobody to answer: a fault cut the connection, or the client did."""
        try:
            request.body = await _read_body(request, receive, route.max_body or REST_BODY_LIMIT)
        except SalesforceError as error:
            return _refusal(error, route, request)
        except _ClientGone:
            return None
        faults = self.twin.faults
        if faults.is_empty or route.door is Door.ADMIN:
            return await _settled(self._run(route, request))
        plan = faults.plan(request.method, request.path, request.params.get("sobject_type"))
        if plan.wait_seconds:
            await asyncio.sleep(plan.wait_seconds)
        if plan.cut_before:
            return None
        response = await _settled(self._run_faulty(plan, route, request))
        return None if plan.cut_after else response

    def _run_faulty(self, plan: Plan, route: Route, request: Request) -> Response:
        if plan.expire_session:
            self.twin.sessions.revoke(session_token(request) or "")
        if plan.refusal is not None:
            return _refusal(plan.refusal, route, request)
        return self._run(route, request)

    def _route(self, request: Request, raw_path: str) -> tuple[Route, Response | None]:
        match = self._table.find(raw_path)
        if match is None:
            inside = raw_path.startswith("/services/data/")
            return (_NO_ROUTE if inside else _NO_ROUTE_OPEN), None
        request.params = match.params
        try:
            request.api_version = _api_version(match)
            _check_address(request, raw_path)
            return _by_method(match, request), None
        except SalesforceError as error:
            return _NO_ROUTE, render_error(error, next(iter(match.routes.values())).envelope)

    def _run(self, route: Route, request: Request) -> Response:
        """The handler's answer, or its refusal, or 500 for a bug of ours, whose traceback goes to the twin's own log only."""
        try:
            open_door(route.door, request)
            return route.handler(request)
        except SalesforceError as error:
            return _refusal(error, route, request)
        except Exception:
            log.exception("%s %s failed", request.method, request.path)
            bug = SalesforceError(
                "UNKNOWN_EXCEPTION", "An unexpected error occurred in orgtwin; see its log.", status=500
            )
            return _refusal(bug, route, request)

    def inside(self, parent: Request, method: str, target: str, body: bytes, headers: Mapping[str, str]) -> Response:
        """Answer a request within `parent`: same caller, no further call counted. Only what a session opens is there."""
        raw_path, _, raw_query = target.partition("?")
        request = Request(
            twin=self.twin,
            method=method.upper(),
            path=raw_path,
            raw_query=raw_query,
            headers={**_inherited(parent.headers), **{name.lower(): value for name, value in headers.items()}},
            body=body,
            base_url=parent.base_url,
            remote_address=parent.remote_address,
        )
        route, response = self._route(request, raw_path)
        if response is not None:
            return response
        if route.door is not Door.SESSION:
            route = _NO_ROUTE
        request.admit(parent.session, replace(parent.caller, api_version=request.api_version))
        return self._run(replace(route, door=Door.OPEN), request)

    def _finish(self, request: Request, response: Response) -> Response:
        if request.path.startswith("/services/data"):
            response.headers = (*response.headers, ("Sforce-Limit-Info", self.twin.usage.header()))
        if (
            response.body
            and response.content_type == JSON
            and request.headers.get("x-prettyprint", "0") not in ("0", "false")
        ):
            response.body = pretty(response.body)
        return response


async def _settled(response: Response) -> Response:
    return response if response.later is None else await response.later()


def _refusal(error: SalesforceError, route: Route, request: Request) -> Response:
    return render_error(error, route.envelope, request.headers.get("content-type", ""))


def _inherited(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.startswith("sforce-")}


def _read_head(twin: Twin, scope: Scope, raw_path: str) -> Request:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    method = "GET" if scope["method"] == "HEAD" else scope["method"]
    client = scope.get("client")
    return Request(
        twin=twin,
        method=method,
        path=raw_path,
        raw_query=scope["query_string"].decode("latin-1"),
        headers=headers,
        body=b"",
        base_url=f"{scope['scheme']}://{headers.get('host', 'localhost')}",
        remote_address=client[0] if client else "127.0.0.1",
    )


def _api_version(match: Match) -> float:
    text = match.params.get("version")
    if text is None:
        return float(NEWEST)
    found = _VERSION.fullmatch(text)
    number = int(found.group(1)) if found else 0
    if not OLDEST <= number <= NEWEST:
        raise SalesforceError("NOT_FOUND", "The requested resource does not exist", status=404)
    return float(number)


def _check_address(request: Request, raw_path: str) -> None:
    if len(raw_path) + len(request.raw_query) > _ADDRESS_LIMIT:
        raise SalesforceError("URI_TOO_LONG", f"The address exceeds {_ADDRESS_LIMIT} bytes.", status=414)


def _by_method(match: Match, request: Request) -> Route:
    """The route of the request's method. Clients that cannot send PATCH name it: "_HttpMethod=PATCH" (REST API Developer Guide)."""
    if request.method == "POST" and "_HttpMethod" in request.raw_query:
        request.method = request.query["_HttpMethod"].upper()
    route = match.routes.get(request.method)
    if route is None:
        allowed = ",".join(sorted(match.routes))
        raise SalesforceError(
            "METHOD_NOT_ALLOWED", f"HTTP Method '{request.method}' not allowed. Allowed are {allowed}", status=405
        )
    return route


async def _read_body(request: Request, receive: Receive, limit: int) -> bytes:
    declared = request.headers.get("content-length")
    if declared is not None and declared.isdigit() and int(declared) > limit:
        raise too_large(limit)
    parts: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _ClientGone
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise too_large(limit)
        parts.append(part)
        more = message.get("more_body", False)
    body = parts[0] if len(parts) == 1 else b"".join(parts)
    return unpack(body, request.headers.get("content-encoding", "").lower(), limit)


async def _cut(scope: Scope) -> None:
    """Close the connection with a reset, so that the client cannot take it for an answer."""
    scope["orgtwin.transport"].abort()
    await asyncio.sleep(0)


async def _write(scope: Scope, request: Request, response: Response, send: Send) -> None:
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]
    if response.stream is not None:
        await _write_stream(response, headers, send)
        return
    body = response.body
    if body:
        headers.append((b"content-type", response.content_type.encode()))
        if worth_packing(body, request.headers.get("accept-encoding", "")):
            body = pack(body)
            headers.append((b"content-encoding", b"gzip"))
    if response.status not in (204, 304):
        headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


async def _write_stream(response: Response, headers: list[tuple[bytes, bytes]], send: Send) -> None:
    headers.append((b"content-type", response.content_type.encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    for part in response.stream or ():
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": b""})
