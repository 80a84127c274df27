"""A connection that answers a request at once when all of it is there and its answer is at hand.

uvicorn is the server: it parses, keeps connections, holds back floods and ends. For each request it makes a task and an event and
passes messages between them, which costs more than many an answer here; a request that needs none of it is answered where its last
byte was read. Every other one (a body in several readings, an answer that is streamed or waited for) is uvicorn's from its head on.
"""

from __future__ import annotations

import httptools
import uvicorn
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from orgtwin.http.asgi import BEGUN, TRANSPORT, AsgiDoor
from orgtwin.http.exchange import Exchange, sent_headers
from orgtwin.http.message import Response

KNOWN_SERVER = "0.54."
"""The versions of uvicorn whose protocol this one was written for."""


def find_unknown_server(version: str = uvicorn.__version__) -> str | None:
    """Why the twin cannot be served by this version of uvicorn; None when it can."""
    if version.startswith(KNOWN_SERVER):
        return None
    return f"orgtwin is served by uvicorn {KNOWN_SERVER}x, and here is {version}: install 'uvicorn=={KNOWN_SERVER}*'"


class PromptProtocol(HttpToolsProtocol):
    """The protocol of one connection; its application is an AsgiDoor, to which it also hands the connection for a fault to cut."""

    app: AsgiDoor
    _body: list[bytes] | None = None
    """What has come of a request that may yet be answered at once; None when there is none."""
    _idle_since: float | None = None
    """When the last answer went out; None while a request is there."""
    _dated_by: list[tuple[bytes, bytes]] | None = None
    _dated: bytes = b""

    # ---- what the parser tells

    def on_message_begin(self) -> None:
        self.url, self.headers, self.expect_100_continue = b"", [], False

    def on_headers_complete(self) -> None:
        is_free = self.cycle is None or self.cycle.response_complete
        if is_free and not self.expect_100_continue and not self.parser.should_upgrade():
            self._body = []
        else:
            self._leave_head()

    def on_body(self, body: bytes) -> None:
        if self._body is None:
            super().on_body(body)
        else:
            self._body.append(body)

    def on_message_complete(self) -> None:
        if self._body is None:
            super().on_message_complete()
            return
        exchange = self._exchange()
        for part in self._body:
            exchange.take(part)
        answer = exchange.answer()
        if isinstance(answer, Response) and answer.stream is None:
            self._body = None
            self._write(exchange, answer)
        else:
            self._let_wait()
            self.scope[BEGUN] = (exchange, answer)  # type: ignore[literal-required]
            super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._body is not None and not self.transport.is_closing():
            self._let_wait()  # there is more to come

    # ---- between two requests: uvicorn makes a timer after each answer and ends it with the next request, this one moves one on

    def _unset_keepalive_if_required(self) -> None:
        self._idle_since = None

    def on_response_complete(self) -> None:
        is_idle = not self.pipeline
        if is_idle and self.timeout_keep_alive_task is not None:
            self.server_state.total_requests += 1
            self.flow.resume_reading()
        else:
            super().on_response_complete()
        self._idle_since = self.loop.time() if is_idle else None

    def timeout_keep_alive_handler(self) -> None:
        idle = 0.0 if self._idle_since is None else self.loop.time() - self._idle_since
        left = self.timeout_keep_alive - idle
        if left > 0:
            self.timeout_keep_alive_task = self.loop.call_later(left, self.timeout_keep_alive_handler)
        else:
            super().timeout_keep_alive_handler()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()

    # ---- what becomes of a request

    def _exchange(self) -> Exchange:
        address = httptools.parse_url(self.url)
        method = self.parser.get_method().decode("ascii")
        return self.app.begin(
            method, address.path, address.query or b"", self.headers, self.scheme or "http", self.client
        )

    def _let_wait(self) -> None:
        """Leave the request to uvicorn, with what there is of its body."""
        self._idle_since = None
        body, self._body = self._body or [], None
        self._leave_head()
        for part in body:
            super().on_body(part)

    def _leave_head(self) -> None:
        """Tell uvicorn of a head what it would have kept of it."""
        url, headers, expects = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.expect_100_continue = url, expects
        self.headers += headers
        self.scope[TRANSPORT] = self.transport  # type: ignore[literal-required]
        super().on_headers_complete()

    def _write(self, exchange: Exchange, response: Response) -> None:
        stays = self.parser.get_http_version() != "1.0" and self.parser.should_keep_alive()
        headers = sent_headers(response) if stays else (*sent_headers(response), ("connection", "close"))
        head = "".join([f"{name}: {value}\r\n" for name, value in headers])
        if head.count("\n") != len(headers):
            raise ValueError(f"a header of two lines: {headers!r}")
        if self.server_state.default_headers is not self._dated_by:  # another second has begun
            self._dated_by = self.server_state.default_headers
            self._dated = b"".join([b"%b: %b\r\n" % header for header in self._dated_by])
        body = response.body if exchange.takes_body else b""
        parts = (STATUS_LINE[response.status], self._dated, head.encode("latin-1"), b"\r\n", body)
        self.transport.write(b"".join(parts))
        if not stays:
            self.transport.close()
        self.on_response_complete()
        self.app.go_on(response)
