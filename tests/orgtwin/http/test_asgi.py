"""ASGI events in, ASGI events out, without a server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, MutableMapping
from typing import Any

import pytest

from orgtwin.http.app import Application
from orgtwin.http.asgi import AsgiDoor
from orgtwin.http.message import Request, Response, json_response
from orgtwin.http.routing import Door, Route
from orgtwin.http.start import start_twin

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
Told = tuple[int, dict[str, str], list[bytes]]


async def ask(door: AsgiDoor, method: str, path: str, *parts: bytes, query: bytes = b"") -> Told:
    """Status, headers and the parts of the body that the application sends."""
    events: list[MutableMapping[str, Any]] = [
        {"type": "http.request", "body": part, "more_body": True} for part in parts
    ]
    events.append({"type": "http.request", "body": b""})
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return events.pop(0)

    async def send(event: MutableMapping[str, Any]) -> None:
        sent.append(event)

    scope = {
        "type": "http", "method": method, "raw_path": path.encode(), "query_string": query, "headers": [(b"host", b"x")],
        "scheme": "http", "client": ("127.0.0.1", 1),
    }  # fmt: skip
    await door(scope, receive, send)
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], headers, [event["body"] for event in sent[1:]]


def told(method: str, path: str, *parts: bytes, query: bytes = b"") -> Told:
    return asyncio.run(ask(AsgiDoor(Application(TWIN, ROUTES)), method, path, *parts, query=query))


JSON = "application/json;charset=UTF-8"


@pytest.mark.parametrize(
    ("method", "path", "parts", "query", "body"),
    [
        ("GET", "/echo", (), b"a=%20", b'"GET /echo?a=%20 "'),
        ("POST", "/echo", (b"bo", b"dy"), b"", b'"POST /echo? body"'),
        ("GET", "/late", (), b"", b'"GET /late? "'),
    ],
    ids=["a request", "a body in parts", "an answer that takes its time"],
)
def test_what_is_asked_is_answered(method: str, path: str, parts: tuple[bytes, ...], query: bytes, body: bytes) -> None:
    headers = {"content-type": JSON, "content-length": str(len(body))}
    assert told(method, path, *parts, query=query) == (200, headers, [body])


def test_the_head_alone_is_told_when_that_is_asked_for() -> None:
    status, headers, body = told("HEAD", "/echo")
    assert (status, headers["content-length"], body) == (200, "13", [b""])


def test_an_answer_in_parts_goes_out_part_by_part_and_leaves_its_framing_to_the_server() -> None:
    assert told("GET", "/stream") == (200, {"content-type": "text/csv"}, [b"a,b\n", b"1,2\n", b""])


def test_a_body_that_is_too_long_is_read_to_its_end_and_refused() -> None:
    status, _, (body,) = told("POST", "/small", b"abc", b"def")
    assert (status, json.loads(body)[0]["errorCode"]) == (400, "JSON_PARSER_ERROR")


def test_a_bug_in_an_answer_that_takes_its_time_is_answered_as_one() -> None:
    assert told("GET", "/broken")[0] == 500


def test_a_client_that_leaves_before_its_body_is_whole_is_not_answered() -> None:
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.disconnect"}

    async def send(event: MutableMapping[str, Any]) -> None:
        sent.append(event)

    scope = {
        "type": "http",
        "method": "POST",
        "raw_path": b"/echo",
        "query_string": b"",
        "headers": [],
        "scheme": "http",
    }
    asyncio.run(AsgiDoor(Application(TWIN, ROUTES))(scope, receive, send))
    assert sent == []


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

    routes = [Route("GET", "/start", start, Door.OPEN), Route("GET", "/look", look, Door.OPEN)]
    door = AsgiDoor(Application(TWIN, routes))

    async def run() -> None:
        await ask(door, "GET", "/start")
        await asyncio.sleep(0)
        await ask(door, "GET", "/look")
        while len(seen) < 3:
            await asyncio.sleep(0)

    asyncio.run(run())
    assert seen == ["a", "look", "b"]
