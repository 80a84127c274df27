"""The application behind an ASGI server: a request's events become an Exchange, its answer becomes events.

Source: the ASGI specification, "HTTP & WebSocket ASGI Message Format".
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from functools import lru_cache
from typing import Any

from orgtwin.http.app import Application
from orgtwin.http.exchange import Answer, Exchange, sent_headers
from orgtwin.http.message import Request, Response

TRANSPORT = "orgtwin.transport"
"""Where the server puts the connection into the scope, so that a fault can cut it."""
BEGUN = "orgtwin.begun"
"""Where the server puts an exchange that has had its whole request, with its answer."""

RawHeaders = Iterable[tuple[bytes, bytes]]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class AsgiDoor:
    """An ASGI application over the org's."""

    def __init__(self, app: Application) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise ValueError(f"the org twin serves http, not {scope['type']}")
        exchange, answer = scope.get(BEGUN) or await self._read(scope, receive)
        if answer is None:
            return
        response = answer if isinstance(answer, Response) else await answer
        if response is None:
            await _cut(scope)
            return
        await _send(response, send, with_body=exchange.takes_body)
        self.go_on(response)

    def begin(
        self, method: str, path: bytes, query: bytes, fields: RawHeaders, scheme: str, client: tuple[str, int] | None
    ) -> Exchange:
        """An exchange whose request has so far only its head."""
        headers = _read_headers(tuple(fields))
        return self._app.begin(
            Request(
                twin=self._app.twin,
                method=method,
                path=path.decode("latin-1"),
                raw_query=query.decode("latin-1"),
                headers=headers,
                body=b"",
                base_url=f"{scheme}://{headers.get('host', 'localhost')}",
                remote_address=client[0] if client else "127.0.0.1",
            )
        )

    def go_on(self, response: Response) -> None:
        """After an answer has gone out: start what it left to do."""
        self._app.go_on(response)

    async def _read(self, scope: Scope, receive: Receive) -> tuple[Exchange, Answer | None]:
        """An exchange with its answer; None when the client has left."""
        exchange = self.begin(
            *(scope["method"], scope["raw_path"], scope["query_string"]),
            *(scope["headers"], scope["scheme"], scope.get("client")),
        )
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return exchange, None
            exchange.take(message.get("body", b""))
            more = message.get("more_body", False)
        return exchange, exchange.answer()


@lru_cache(maxsize=256)
def _read_headers(fields: tuple[tuple[bytes, bytes], ...]) -> Mapping[str, str]:
    """As texts; a client sends much the same ones again and again."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in fields}


async def _send(response: Response, send: Send, *, with_body: bool) -> None:
    headers = [
        (name.encode("latin-1"), value.encode("latin-1"))
        for name, value in sent_headers(response)
        if name != "transfer-encoding"  # the server's own affair
    ]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    if response.stream is None or not with_body:
        await send({"type": "http.response.body", "body": response.body if with_body else b""})
    else:
        await _send_parts(response.stream, send)


async def _send_parts(parts: Iterable[bytes], send: Send) -> None:
    """Other connections have their turn between two parts."""
    for part in parts:
        if part:
            await send({"type": "http.response.body", "body": part, "more_body": True})
            await asyncio.sleep(0)
    await send({"type": "http.response.body", "body": b""})


async def _cut(scope: Scope) -> None:
    """Close the connection with a reset, so that the client cannot take it for an answer."""
    scope[TRANSPORT].abort()
    await asyncio.sleep(0)
