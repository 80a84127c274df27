"""HTTP/1.1 on one connection, byte by byte, without sockets."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator

import pytest

from orgtwin.http.app import Application
from orgtwin.http.message import Request, Response, json_response
from orgtwin.http.routing import Door, Route
from orgtwin.http.start import start_twin
from orgtwin.http.wire import Connection

TWIN = start_twin().twin


def echo(request: Request) -> Response:
    return json_response(f"{request.method} {request.path}?{request.raw_query} {request.body.decode()}")


def stream(_request: Request) -> Response:
    return Response(content_type="text/csv", stream=iter((b"a,b\n", b"", b"1,2\n")))


def late(request: Request) -> Response:
    async def later() -> Response:
        await asyncio.sleep(0)
        return echo(request)

    return Response(later=later)


def broken_late(_request: Request) -> Response:
    async def later() -> Response:
        raise ZeroDivisionError

    return Response(later=later)


ROUTES = [
    Route("GET", "/echo", echo, Door.OPEN),
    Route("POST", "/echo", echo, Door.OPEN),
    Route("GET", "/stream", stream, Door.OPEN),
    Route("GET", "/late", late, Door.OPEN),
    Route("GET", "/broken", broken_late, Door.OPEN),
    Route("POST", "/small", echo, Door.OPEN, max_body=3),
]
APPLICATION = Application(TWIN, ROUTES)


class Transport(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


def talk(*parts: bytes) -> tuple[str, bool]:
    """What the twin writes to a client that sends these parts, dates left out; whether it then closes the connection."""

    async def run() -> tuple[str, bool]:
        transport = Transport()
        connection = Connection(APPLICATION, "http", set())
        connection.connection_made(transport)
        for part in parts:
            connection.data_received(part)
        while not connection.is_idle:
            await asyncio.sleep(0)
        return re.sub(r"date: .*? GMT\r\n", "", transport.written.decode()), transport.closed

    return asyncio.run(run())


def ok(body: str, *, last: bool = False) -> str:
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json;charset=UTF-8\r\ncontent-length: {len(body) + 2}\r\n"
    return f'{head}{"connection: close" if last else ""}{chr(13) + chr(10) if last else ""}\r\n"{body}"'


ASKED_AND_TOLD = {
    "a request": ([b"GET /echo?a=%20 HTTP/1.1\r\n\r\n"], ok("GET /echo?a=%20 "), False),
    "one that comes in pieces": (
        [b"POST /ec", b"ho HTTP/1.1\r\nContent-Le", b"ngth: 4\r\n\r\nbo", b"dy"],
        ok("POST /echo? body"),
        False,
    ),
    "a body in chunks": (
        [b"POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nbo\r\n2\r\ndy\r\n0\r\n\r\n"],
        ok("POST /echo? body"),
        False,
    ),
    "two requests at once": (
        [b"GET /echo HTTP/1.1\r\n\r\nGET /echo?2 HTTP/1.1\r\n\r\n"],
        ok("GET /echo? ") + ok("GET /echo?2 "),
        False,
    ),
    "one behind another that takes its time": (
        [b"GET /late HTTP/1.1\r\n\r\n", b"GET /echo HTTP/1.1\r\n\r\n"],
        ok("GET /late? ") + ok("GET /echo? "),
        False,
    ),
    "the last of a connection": (
        [b"GET /echo HTTP/1.1\r\nConnection: close\r\n\r\n"],
        ok("GET /echo? ", last=True),
        True,
    ),
    "one of HTTP/1.0": ([b"GET /echo HTTP/1.0\r\n\r\n"], ok("GET /echo? ", last=True), True),
    "a whole address": ([b"GET http://x/echo?a HTTP/1.1\r\n\r\n"], ok("GET /echo?a "), False),
    "an offer to change the protocol": (
        [b"GET /echo HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"],
        ok("GET /echo? "),
        False,
    ),
    "a client that waits before it sends its body": (
        [b"POST /echo HTTP/1.1\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n", b"x"],
        "HTTP/1.1 100 Continue\r\n\r\n" + ok("POST /echo? x"),
        False,
    ),
    "what is not HTTP": (
        [b"\x16\x03\x01\x02\x00"],
        "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
        True,
    ),
    "a question for the head alone": (
        [b"HEAD /echo HTTP/1.1\r\n\r\n"],
        ok("GET /echo? ").partition('"')[0],
        False,
    ),
    "an answer in parts": (
        [b"GET /stream HTTP/1.1\r\n\r\n"],
        "HTTP/1.1 200 OK\r\ncontent-type: text/csv\r\ntransfer-encoding: chunked\r\n\r\n"
        "4\r\na,b\n\r\n4\r\n1,2\n\r\n0\r\n\r\n",
        False,
    ),
}


@pytest.mark.parametrize(("sent", "told", "closes"), ASKED_AND_TOLD.values(), ids=ASKED_AND_TOLD.keys())
def test_what_is_sent_is_answered(sent: list[bytes], told: str, closes: bool) -> None:
    assert talk(*sent) == (told, closes)


def test_a_body_that_is_too_long_is_read_to_its_end_and_refused() -> None:
    told, closes = talk(b"POST /small HTTP/1.1\r\nContent-Length: 6\r\n\r\nabc", b"def", b"GET /echo HTTP/1.1\r\n\r\n")
    assert told.startswith("HTTP/1.1 413 Request Entity Too Large\r\n")
    assert told.endswith(ok("GET /echo? "))
    assert not closes


def test_a_bug_in_an_answer_that_takes_its_time_is_answered_as_one() -> None:
    assert talk(b"GET /broken HTTP/1.1\r\n\r\n")[0].startswith("HTTP/1.1 500 Internal Server Error\r\n")


def test_work_that_goes_on_lets_other_requests_in_between() -> None:
    seen: list[str] = []

    def work() -> Iterator[float]:
        for step in "ab":
            seen.append(step)
            yield 0.0

    def start(_request: Request) -> Response:
        return Response(204, afterwards=work())

    def look(_request: Request) -> Response:
        seen.append("look")
        return Response(204)

    application = Application(TWIN, [Route("GET", "/start", start, Door.OPEN), Route("GET", "/look", look, Door.OPEN)])

    async def run() -> None:
        connection = Connection(application, "http", set())
        connection.connection_made(Transport())
        connection.data_received(b"GET /start HTTP/1.1\r\n\r\n")
        await asyncio.sleep(0)
        connection.data_received(b"GET /look HTTP/1.1\r\n\r\n")
        while len(seen) < 3:
            await asyncio.sleep(0)

    asyncio.run(run())
    assert seen == ["a", "look", "b"]
