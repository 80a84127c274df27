"""The port of the Pub/Sub API. It is open from the start; the first connection loads gRPC and starts the server behind it.

A twin whose events nobody reads over gRPC pays nothing for it. Connections are handed through byte by byte: TLS ends in the server.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from orgtwin.http.tls import Authority
    from orgtwin.http.twin import Twin

_BACKLOG = 64
_CHUNK = 256 * 1024
_GRACE_SECONDS = 0.2


class PubSubDoor:
    """Takes a bound socket. `open` is called inside the running event loop; the door closes when the loop ends."""

    def __init__(self, twin: Twin, authority: Authority, listener: socket.socket) -> None:
        self._twin = twin
        self._authority = authority
        self._listener = listener
        self._starting = asyncio.Lock()
        self._server: Any = None
        self._tasks: set[asyncio.Task[None]] = set()

    def open(self) -> None:
        """Accept connections from now on."""
        self._listener.listen(_BACKLOG)
        self._keep(self._serve())

    def _keep(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self) -> None:
        with tempfile.TemporaryDirectory(prefix="orgtwin-") as folder:
            address = Path(folder) / "pubsub"
            listening = await asyncio.start_server(
                lambda reader, writer: self._connect(address, reader, writer), sock=self._listener
            )
            try:
                async with listening:
                    await listening.serve_forever()
            finally:
                if self._server is not None:
                    await self._server.stop(_GRACE_SECONDS)

    async def _connect(self, address: Path, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._started(address)
            inner_reader, inner_writer = await asyncio.open_unix_connection(str(address))
        except OSError:
            writer.close()
            return
        await asyncio.gather(_pump(reader, inner_writer), _pump(inner_reader, writer))

    async def _started(self, address: Path) -> None:
        async with self._starting:
            if self._server is None:
                start_server = await asyncio.to_thread(_load)
                authority = self._authority
                self._server = await start_server(
                    self._twin, f"unix:{address}", authority.server_key, authority.server_certificate
                )


def _load() -> Any:
    from orgtwin.events.pubsub.server import start_server

    return start_server


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while chunk := await reader.read(_CHUNK):
            writer.write(chunk)
            await writer.drain()
    with contextlib.suppress(OSError):
        writer.close()
