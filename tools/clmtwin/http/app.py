"""The ASGI application: body limit, token check, rate limit, faults, then the route's handler.

The connection is cut for the `dropped_*` faults through the transport that `server.CuttableProtocol` puts into the scope.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

from clmtwin.faults import ArmedFault
from clmtwin.http import ironclad
from clmtwin.http.exchange import Request, Response, problem_response
from clmtwin.http.routes import find_route
from clmtwin.problem import Problem
from clmtwin.store import is_full
from clmtwin.twin import Twin

LARGEST_BODY = 32 * 1024 * 1024
NO_ROOM = "The disk that holds the store is full. Nothing of this request was kept, what was answered before is safe; make room."
TRANSPORT = "clmtwin.transport"

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class ConnectionCut(Exception):
    """The client gets no answer."""


def build_app(twin: Twin) -> App:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise ValueError(f"this application serves http, not {scope['type']}")
        try:
            response = await _respond(twin, scope, receive)
        except ConnectionCut:
            await _cut(scope)
            return
        await _send(send, response)

    return app


async def _respond(twin: Twin, scope: Scope, receive: Receive) -> Response:
    try:
        request = await _read_request(scope, receive)
        fault = twin.faults.strike_request(request.method, request.path)
        await _strike_before(fault)
        twin.clicks.header = request.headers.get("traceparent", "")
        response = _dispatch(twin, request)
        if fault is not None and fault.order.name == "dropped_after_commit":
            raise ConnectionCut
        return response
    except Problem as problem:
        is_ironclad = scope["path"].startswith(ironclad.PREFIX)
        return ironclad.refusal(problem) if is_ironclad else problem_response(problem)
    except sqlite3.OperationalError as error:
        if not is_full(error):
            raise
        return problem_response(Problem("insufficient_storage", NO_ROOM))


def _dispatch(twin: Twin, request: Request) -> Response:
    route, request = find_route(request)
    if route.access == "bearer":
        _require_token(twin, request)
        if request.path.startswith(ironclad.PREFIX):
            ironclad.require_acting_user(request)
    if not request.path.startswith("/admin/") and not twin.budget.try_spend(twin.clock.real_now()):
        raise Problem("rate_limited", "The request budget of this client is used up.", headers=(("retry-after", "1"),))
    return route.handler(twin, request)


def _require_token(twin: Twin, request: Request) -> None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not twin.is_valid_token(token.strip()):
        _refuse_token()


def _refuse_token() -> None:
    raise Problem(
        "unauthorized",
        "The access token is missing, unknown or expired; get one at POST /oauth/token.",
        headers=(("www-authenticate", 'Bearer error="invalid_token"'),),
    )


async def _strike_before(fault: ArmedFault | None) -> None:
    match fault.order.name if fault is not None else None:
        case "http_503":
            raise Problem("unavailable", "Armed by an administrator.", headers=(("retry-after", "0"),))
        case "http_429":
            raise Problem("rate_limited", "Armed by an administrator.", headers=(("retry-after", "0"),))
        case "http_401":
            _refuse_token()
        case "dropped_before_commit":
            raise ConnectionCut
        case "slow":
            await asyncio.sleep(fault.delay_seconds if fault is not None else 0)


async def _read_request(scope: Scope, receive: Receive) -> Request:
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionCut
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size > LARGEST_BODY:
            raise Problem(
                "too_large",
                f"At most {LARGEST_BODY} bytes are read; send the file in parts.",
                headers=(("connection", "close"),),
            )
        chunks.append(chunk)
        if not message.get("more_body", False):
            break
    return Request(
        method=scope["method"],
        path=scope["path"],
        query=dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
        headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
        body=b"".join(chunks),
    )


async def _send(send: Send, response: Response) -> None:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]
    headers.append((b"content-length", str(len(response.body)).encode()))
    if response.body:
        headers.append((b"content-type", response.media_type.encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})


async def _cut(scope: Scope) -> None:
    transport: asyncio.Transport = scope[TRANSPORT]
    transport.abort()
    while not transport.is_closing():
        await asyncio.sleep(0)
    await asyncio.sleep(0)
