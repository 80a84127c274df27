"""Listeners: one event loop, plain HTTP and TLS side by side, one org behind both."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass

from orgtwin.http.app import Application
from orgtwin.http.wire import Connection

# `sf project generate manifest --from-org` opens 450 connections at once.
_BACKLOG = 2_048
# CumulusCI and jsforce keep connections open between steps that may take minutes.
_KEEP_ALIVE_SECONDS = 75
_LOOK_SECONDS = 5  # how often connections are looked at that have been silent for long
_SHUTDOWN_SECONDS = 2
_SHUTDOWN_STEP = 0.02
_STDIN_CHUNK = 4_096


class CannotListen(Exception):
    """A port cannot be had; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Listeners:
    """Bound sockets; nothing is accepted until `run`."""

    host: str
    http: socket.socket
    https: socket.socket
    pubsub: socket.socket

    @property
    def http_url(self) -> str:
        return f"http://{_url_host(self.host)}:{self.http.getsockname()[1]}"

    @property
    def https_url(self) -> str:
        return f"https://{_url_host(self.host)}:{self.https.getsockname()[1]}"

    @property
    def pubsub_endpoint(self) -> str:
        """Host and port, as gRPC names a server."""
        return f"{_url_host(self.host)}:{self.pubsub.getsockname()[1]}"

    def close(self) -> None:
        self.http.close()
        self.https.close()
        self.pubsub.close()


def _url_host(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def bind(host: str, *ports: int) -> Listeners:
    """Take the ports of http, https and the Pub/Sub API; 0 lets the system choose. Raises CannotListen."""
    taken: list[socket.socket] = []
    try:
        for port in ports:
            taken.append(_bind(host, port))
    except CannotListen:
        for listener in taken:
            listener.close()
        raise
    http, https, pubsub = taken
    return Listeners(host, http, https, pubsub)


def _bind(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise CannotListen(f"cannot listen on {host}: {error.strerror}") from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise CannotListen(f"cannot listen on {host}:{port}: {error.strerror}") from error
    return listener


class _Server:
    """Both listeners and the connections that they have accepted."""

    def __init__(self, app: Application) -> None:
        self._app = app
        self._listening: list[asyncio.Server] = []
        self._connections: set[Connection] = set()
        self._stop = asyncio.Event()

    async def listen(self, listener: socket.socket, context: ssl.SSLContext | None) -> None:
        def connect() -> Connection:
            return Connection(self._app, "https" if context else "http", self._connections)

        loop = asyncio.get_running_loop()
        self._listening.append(await loop.create_server(connect, sock=listener, ssl=context, backlog=_BACKLOG))

    def stop(self) -> None:
        self._stop.set()

    async def until_stopped(self) -> None:
        """Serve; then let the answers that are due go out, for a while, and close everything."""
        while not self._stop.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), _LOOK_SECONDS)
            self._end_silent(time.monotonic() - _KEEP_ALIVE_SECONDS)
        for listening in self._listening:
            listening.close()
        for connection in tuple(self._connections):
            connection.end()
        patience = asyncio.get_running_loop().time() + _SHUTDOWN_SECONDS
        while self._connections and asyncio.get_running_loop().time() < patience:
            await asyncio.sleep(_SHUTDOWN_STEP)
        for connection in tuple(self._connections):
            connection.cut()

    def _end_silent(self, since: float) -> None:
        for connection in tuple(self._connections):
            if connection.is_idle and connection.last_heard < since:
                connection.end()


async def run(
    app: Application, listeners: Listeners, context: ssl.SSLContext, ready: Callable[[], None], *, watch_stdin: bool
) -> None:
    """Serve until SIGTERM or SIGINT; `ready` is called once both listeners accept.

    With `watch_stdin` also until standard input closes: the process that started this one is gone, however it ended.
    """
    server = _Server(app)
    loop = asyncio.get_running_loop()

    def stop_at_end_of_input() -> None:
        if not os.read(0, _STDIN_CHUNK):
            server.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    if watch_stdin:
        loop.add_reader(0, stop_at_end_of_input)
    await server.listen(listeners.http, None)
    await server.listen(listeners.https, context)
    ready()
    await server.until_stopped()
