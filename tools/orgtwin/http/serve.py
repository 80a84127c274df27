"""Listeners: one event loop, plain HTTP and TLS side by side, one org behind both."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import uvicorn

from orgtwin.http.app import Application
from orgtwin.http.asgi import AsgiDoor
from orgtwin.http.prompt import PromptProtocol

# `sf project generate manifest --from-org` opens 450 connections at once.
_BACKLOG = 2_048
# CumulusCI and jsforce keep connections open between steps that may take minutes.
_KEEP_ALIVE_SECONDS = 75
_SHUTDOWN_SECONDS = 2
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


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.accepting = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.accepting.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals belong to `run`, which serves two listeners."""
        yield


def _server(app: AsgiDoor, context: ssl.SSLContext | None) -> _Server:
    config = uvicorn.Config(
        app,
        http=PromptProtocol,
        interface="asgi3",
        ws="none",
        lifespan="off",
        loop="none",
        backlog=_BACKLOG,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        ssl_context_factory=(lambda _config, _default: context) if context else None,
    )
    return _Server(config)


async def run(
    app: Application, listeners: Listeners, context: ssl.SSLContext, ready: Callable[[], None], *, watch_stdin: bool
) -> None:
    """Serve until SIGTERM or SIGINT; `ready` is called once both listeners accept.

    With `watch_stdin` also until standard input closes: the process that started this one is gone, however it ended.
    """
    door = AsgiDoor(app)
    servers = [_server(door, None), _server(door, context)]
    loop = asyncio.get_running_loop()

    def stop() -> None:
        app.twin.turns.close()
        for server in servers:
            server.should_exit = True

    def stop_at_end_of_input() -> None:
        if not os.read(0, _STDIN_CHUNK):
            stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    if watch_stdin:
        loop.add_reader(0, stop_at_end_of_input)
    async with asyncio.TaskGroup() as tasks:
        for server, listener in zip(servers, (listeners.http, listeners.https), strict=True):
            tasks.create_task(server.serve(sockets=[listener]))
        for server in servers:
            await server.accepting.wait()
        ready()
