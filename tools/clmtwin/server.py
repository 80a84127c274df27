"""Serve a twin on a socket: bind, say when ready, run until told to stop, leave nothing behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import aiohttp
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from clmtwin.delivery import Dispatcher, http_post
from clmtwin.http.app import TRANSPORT, build_app
from clmtwin.twin import Twin

GRACE_SECONDS = 2
# A suite keeps its connection open between steps; a server that closes it first answers a step with nothing.
KEEP_ALIVE_SECONDS = 75


class PortInUse(Exception):
    """Somebody else listens there."""


class CuttableProtocol(HttpToolsProtocol):
    """uvicorn's protocol that lets the application cut its connection (the `dropped_*` faults)."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope[TRANSPORT] = self.transport  # type: ignore[literal-required]


class _Server(uvicorn.Server):
    """uvicorn's server that leaves signals to its caller."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def bind(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise PortInUse(f"cannot listen on {host}:{port}: {error.strerror}") from error
    return listener


def url_of(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://{host}:{port}"


@asynccontextmanager
async def serving(twin: Twin, listener: socket.socket) -> AsyncIterator[str]:
    """The twin accepts connections inside the block; yields its URL."""
    config = uvicorn.Config(
        build_app(twin), http=CuttableProtocol, loop="none", lifespan="off", log_level="warning", access_log=False,
        timeout_graceful_shutdown=GRACE_SECONDS, timeout_keep_alive=KEEP_ALIVE_SECONDS, ws="none", server_header=False,
    )  # fmt: skip
    server = _Server(config)
    async with aiohttp.ClientSession() as session:
        dispatcher = Dispatcher(twin, http_post(session))
        twin.on_change = dispatcher.wake
        tasks = [asyncio.create_task(server.serve([listener])), asyncio.create_task(dispatcher.run())]
        try:
            while not server.started and not tasks[0].done():
                await asyncio.sleep(0.001)
            yield url_of(listener)
        finally:
            server.should_exit = True
            await tasks[0]
            tasks[1].cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await tasks[1]
            listener.close()


def _stop_at_end_of_input(stopped: asyncio.Event) -> None:
    if not os.read(0, 4096):
        stopped.set()


async def serve_until_stopped(
    twin: Twin, listener: socket.socket, on_ready: Callable[[str], None], *, watch_stdin: bool = False
) -> None:
    """Serve until SIGTERM or SIGINT; with `watch_stdin` also until standard input closes, because the parent process died."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    if watch_stdin:
        loop.add_reader(0, _stop_at_end_of_input, stopped)
    async with serving(twin, listener) as url:
        on_ready(url)
        await stopped.wait()
