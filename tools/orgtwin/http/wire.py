"""HTTP/1.1 on one connection: bytes to requests, answers to bytes.

An answer that is at hand is written in the read that completed its request; only what has to be waited for (a fault, a latency, a
long poll, a streamed answer) gets a task. The requests of a connection are answered in the order they came.
Source: RFC 9112.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Iterable
from email.utils import formatdate
from http import HTTPStatus
from typing import NamedTuple, cast

import httptools

from orgtwin.http.app import Application
from orgtwin.http.exchange import Answer, Exchange, sent_headers
from orgtwin.http.message import Request, Response

log = logging.getLogger("orgtwin")

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_NOT_HTTP = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_STATUS = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n" for status in HTTPStatus}


class _Turn(NamedTuple):
    """A whole request that waits for its answer; whether the connection outlives it."""

    exchange: Exchange
    lives_on: bool


class Connection(asyncio.Protocol):
    """One client's connection. `connections` is the set of all open ones, kept up to date here."""

    def __init__(self, app: Application, scheme: str, connections: set[Connection]) -> None:
        self._app = app
        self._scheme = scheme
        self._connections = connections
        self._parser = httptools.HttpRequestParser(self)
        self._ready: deque[_Turn] = deque()
        self._task: asyncio.Task[None] | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self._ending = False
        self.last_heard = time.monotonic()

    # ---- the connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        peer = transport.get_extra_info("peername")
        self._remote_address = peer[0] if peer else "127.0.0.1"
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """A request that is being answered goes on: the org does not notice that its caller has left."""
        self._connections.discard(self)
        self._ready.clear()
        self._writable.set()

    def pause_writing(self) -> None:
        self._writable.clear()
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._writable.set()
        self._transport.resume_reading()

    @property
    def is_idle(self) -> bool:
        return self._task is None

    def end(self) -> None:
        """Close after the answer that is due, or now."""
        self._ending = True
        if self.is_idle:
            self._transport.close()

    def cut(self) -> None:
        """Close with a reset, so that the client cannot take it for an answer."""
        self._transport.abort()

    # ---- requests

    def data_received(self, data: bytes) -> None:
        self.last_heard = time.monotonic()
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            pass  # RFC 9110, 7.8: a server may go on as if no upgrade had been offered
        except httptools.HttpParserError as error:
            log.info("not HTTP: %s", error)
            self._transport.write(_NOT_HTTP)
            self._transport.close()
            return
        self._serve_ready()

    def on_message_begin(self) -> None:
        self._target = b""
        self._headers: dict[str, str] = {}

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        headers = self._headers
        path, query = _split(self._target)
        request = Request(
            twin=self._app.twin,
            method=self._parser.get_method().decode("ascii"),
            path=path,
            raw_query=query,
            headers=headers,
            body=b"",
            base_url=f"{self._scheme}://{headers.get('host', 'localhost')}",
            remote_address=self._remote_address,
        )
        self._exchange = self._app.begin(request)
        if "expect" in headers and headers["expect"].lower() == "100-continue":
            self._transport.write(_CONTINUE)

    def on_body(self, body: bytes) -> None:
        self._exchange.take(body)

    def on_message_complete(self) -> None:
        lives_on = self._parser.get_http_version() == "1.1" and self._parser.should_keep_alive()
        self._ready.append(_Turn(self._exchange, lives_on))

    # ---- answers

    def _serve_ready(self) -> None:
        while self._ready and self._task is None and not self._transport.is_closing():
            turn = self._ready.popleft()
            answer = turn.exchange.answer()
            if isinstance(answer, Response) and answer.stream is None:
                self._write(turn, answer)
                self._app.go_on(answer)
            else:
                self._transport.pause_reading()
                self._task = asyncio.get_running_loop().create_task(self._serve_late(turn, answer))

    async def _serve_late(self, turn: _Turn, answer: Answer) -> None:
        try:
            response = answer if isinstance(answer, Response) else await answer
            if response is None:
                self.cut()
                return
            if response.stream is None:
                self._write(turn, response)
            else:
                await self._write_stream(turn, response, response.stream)
            self._app.go_on(response)
        finally:
            self._task = None
            if not self._transport.is_closing():
                self._transport.resume_reading()
        self._serve_ready()

    def _write(self, turn: _Turn, response: Response) -> None:
        if self._transport.is_closing():
            return
        lives_on = turn.lives_on and not self._ending
        head = _head(response, lives_on=lives_on)
        self._transport.write(head + response.body if turn.exchange.takes_body else head)
        if not lives_on:
            self._transport.close()

    async def _write_stream(self, turn: _Turn, response: Response, parts: Iterable[bytes]) -> None:
        """In chunks; other connections have their turn between two of them."""
        lives_on = turn.lives_on and not self._ending
        self._transport.write(_head(response, lives_on=lives_on))
        for part in parts if turn.exchange.takes_body else ():
            if part:
                self._transport.write(b"%x\r\n%b\r\n" % (len(part), part))
            await self._writable.wait()
            await asyncio.sleep(0)
            if self._transport.is_closing():
                return
        if turn.exchange.takes_body:
            self._transport.write(b"0\r\n\r\n")
        if not lives_on:
            self._transport.close()


def _split(target: bytes) -> tuple[str, str]:
    """Path and query of a request's target, percent-encoded as they came; proxies send whole addresses."""
    if not target.startswith(b"/"):
        url = httptools.parse_url(target)
        return (url.path or b"/").decode("latin-1"), (url.query or b"").decode("latin-1")
    path, _, query = target.decode("latin-1").partition("#")[0].partition("?")
    return path, query


def _head(response: Response, *, lives_on: bool) -> bytes:
    lines = [_STATUS[response.status], "date: ", _today(int(time.time())), "\r\n"]
    for name, value in sent_headers(response):
        lines += (name, ": ", value, "\r\n")
    lines.append("\r\n" if lives_on else "connection: close\r\n\r\n")
    return "".join(lines).encode("latin-1")


_dates: dict[int, str] = {}


def _today(second: int) -> str:
    """The moment as HTTP writes it, worked out once a second."""
    text = _dates.get(second)
    if text is None:
        _dates.clear()
        text = _dates[second] = formatdate(second, usegmt=True)
    return text
