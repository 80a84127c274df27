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

    # ---- what the parser tells

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope[TRANSPORT] = self.transport  # type: ignore[literal-required]

    def on_headers_complete(self) -> None:
        is_free = self.cycle is None or self.cycle.response_complete
        if is_free and not self.expect_100_continue and not self.parser.should_upgrade():
            self._body = []
        else:
            super().on_headers_complete()

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
            self.scope[BEGUN] = (exchange, answer)  # type: ignore[literal-required]
            self._let_wait()
            super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._body is not None and not self.transport.is_closing():
            self._let_wait()  # there is more to come

    # ---- what becomes of a request

    def _exchange(self) -> Exchange:
        address = httptools.parse_url(self.url)
        method = self.parser.get_method().decode("ascii")
        return self.app.begin(
            method, address.path, address.query or b"", self.headers, self.scheme or "http", self.client
        )

    def _let_wait(self) -> None:
        """Leave the request to uvicorn, with what there is of its body."""
        body, self._body = self._body or [], None
        super().on_headers_complete()
        for part in body:
            super().on_body(part)

    def _write(self, exchange: Exchange, response: Response) -> None:
        stays = self.parser.get_http_version() != "1.0" and self.parser.should_keep_alive()
        headers = sent_headers(response) if stays else (*sent_headers(response), ("connection", "close"))
        head = "".join([f"{name}: {value}\r\n" for name, value in headers])
        if head.count("\n") != len(headers):
            raise ValueError(f"a header of two lines: {headers!r}")
        dated = b"".join([b"%b: %b\r\n" % header for header in self.server_state.default_headers])
        body = response.body if exchange.takes_body else b""
        self.transport.write(b"".join((STATUS_LINE[response.status], dated, head.encode("latin-1"), b"\r\n", body)))
        if not stays:
            self.transport.close()
        self.on_response_complete()
        self.app.go_on(response)
