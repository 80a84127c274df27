"""When a connection that nobody uses is closed: a keep-alive after the last answer, by a loop whose clock the test turns."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

import uvicorn
from uvicorn.server import ServerState

from orgtwin.http.app import Application
from orgtwin.http.asgi import AsgiDoor
from orgtwin.http.prompt import PromptProtocol
from orgtwin.http.start import start_twin
from orgtwin.http.surfaces import ROUTES

KEEP_ALIVE = 75
VERSIONS = b"GET /services/data/ HTTP/1.1\r\nHost: x\r\n\r\n"


class Timer:
    def __init__(self, at: float, strike: Callable[[], None]) -> None:
        self.at, self.strike, self.cancelled = at, strike, False

    def cancel(self) -> None:
        self.cancelled = True


class Loop:
    """Time passes when `wait` is called."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.timers: list[Timer] = []
        self.made = 0

    def time(self) -> float:
        return self.now

    def call_later(self, seconds: float, strike: Callable[[], None]) -> Timer:
        self.made += 1
        self.timers.append(Timer(self.now + seconds, strike))
        return self.timers[-1]

    def wait(self, seconds: float) -> None:
        end = self.now + seconds
        while due := [timer for timer in self.timers if timer.at <= end]:
            first = min(due, key=lambda timer: timer.at)
            self.timers.remove(first)
            self.now = first.at
            if not first.cancelled:
                first.strike()
        self.now = end


class Transport(asyncio.Transport):
    """Keeps what is written; `lost` tells the protocol that the connection is gone."""

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


def connect() -> tuple[PromptProtocol, Loop, Transport]:
    loop, transport = Loop(), Transport()
    config = uvicorn.Config(
        AsgiDoor(Application(start_twin().twin, ROUTES)),
        interface="asgi3",
        ws="none",
        timeout_keep_alive=KEEP_ALIVE,
        proxy_headers=False,
        log_config=None,
    )
    protocol = PromptProtocol(config, ServerState(), {}, cast(asyncio.AbstractEventLoop, loop))
    protocol.connection_made(transport)
    return protocol, loop, transport


def test_a_connection_is_closed_a_keep_alive_after_its_last_answer() -> None:
    protocol, loop, transport = connect()
    protocol.data_received(VERSIONS)
    loop.wait(KEEP_ALIVE - 1)
    protocol.data_received(VERSIONS)
    loop.wait(KEEP_ALIVE - 1)
    assert (transport.written.count(b"HTTP/1.1 200"), transport.closed) == (2, False)
    loop.wait(1)
    assert transport.closed


def test_a_thousand_requests_need_two_timers() -> None:
    protocol, loop, transport = connect()
    for _ in range(1_000):
        protocol.data_received(VERSIONS)
        loop.wait(0.1)
    assert (transport.written.count(b"HTTP/1.1 200"), loop.made, transport.closed) == (1_000, 2, False)


def test_a_connection_on_which_a_request_is_half_there_is_not_idle() -> None:
    protocol, loop, transport = connect()
    protocol.data_received(VERSIONS + VERSIONS[:20])
    protocol.data_received(VERSIONS[20:30])
    loop.wait(10 * KEEP_ALIVE)
    assert (transport.written.count(b"HTTP/1.1 200"), transport.closed) == (1, False)


def test_a_connection_that_is_gone_leaves_no_timer_behind() -> None:
    protocol, loop, _transport = connect()
    protocol.data_received(VERSIONS)
    protocol.connection_lost(None)
    assert [timer.cancelled for timer in loop.timers] == [True]
