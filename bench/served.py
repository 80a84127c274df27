"""A served org twin, the same server answering nothing, and a client that keeps either busy: what a request costs.

Costs are processor time of the server's own process. The client's requests are made before the clock starts, and it never sleeps:
a server that had to wake its client up for every answer would be charged for that (a tenth to a third of a small request here).
Requests go out in rounds; other work on the machine can only add to a round, so the least round says what the code costs, and the
middle one what this machine made of it. Each round follows one of the server that answers nothing; `ratio` is the middle of what a
request costs beside such a one a moment earlier, and the figure that a busy machine blurs least.
"""

from __future__ import annotations

import socket
import statistics
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from orgtwin.http.ready import ReadyFile, read_ready
from orgtwin.pytest_plugin import start_process, stop_process

CONNECTIONS = 16
ROUNDS = 8
V = "/services/data/v66.0"

EMPTY_SERVER = """
import uvloop
from datetime import UTC, datetime
from orgtwin.http import serve
from orgtwin.http.app import Application
from orgtwin.http.message import Response
from orgtwin.http.routing import Door, Route
from orgtwin.http.start import start_twin
from orgtwin.http.tls import create_authority, server_context
routes = [Route("POST", "/nothing", lambda request: Response(201, b"{}"), Door.OPEN)]
listeners = serve.bind("127.0.0.1", 0, 0, 0)
app = Application(start_twin().twin, routes)
context = server_context(create_authority(datetime.now(UTC)))
uvloop.run(serve.run(app, listeners, context, lambda: print(listeners.http_url, flush=True), watch_stdin=False))
"""


@dataclass(frozen=True)
class Server:
    """Where a server listens, which process it is, and the session its requests carry."""

    url: str
    pid: int
    token: str = ""


@dataclass(frozen=True)
class Case:
    """One kind of request; `make` gives method, path and body of the n-th. `rows` are records a request."""

    name: str
    make: Callable[[int], tuple[str, str, bytes]]
    rows: int = 1
    requests: int = 2_000  # a round


@dataclass(frozen=True)
class Cost:
    """Microseconds of processor time for one row; `ratio` is a request's beside one that is answered with nothing."""

    least: float
    middle: float
    ratio: float = 1.0


@contextmanager
def empty_server() -> Iterator[Server]:
    process = subprocess.Popen([sys.executable, "-c", EMPTY_SERVER], stdout=subprocess.PIPE, text=True)
    line = process.stdout.readline() if process.stdout else ""
    yield Server(line.strip(), process.pid)
    process.terminate()
    process.communicate()


@contextmanager
def twin(*options: str) -> Iterator[ReadyFile]:
    with tempfile.TemporaryDirectory() as folder:
        ready_file = Path(folder) / "ready.json"
        process = start_process(ready_file, "--daily-api-requests", "1000000000", *options)
        yield read_ready(ready_file)
        stop_process(process)


def server_of(ready: ReadyFile) -> Server:
    return Server(ready.http_url, ready.pid, ready.access_token)


NOTHING = Case("the same server answering nothing", lambda _: ("POST", "/nothing", b'{"Name":"Account 1"}'))


def measure(server: Server, case: Case, empty: Server, *, first: int = 0) -> Cost:
    """Run a case in rounds; requests are numbered from `first`. Raises RuntimeError for an answer that is no success."""
    costs, ratios = [], []
    for number in range(ROUNDS):
        nothing = _round(empty, NOTHING, 0)
        costs.append(_round(server, case, first + number * case.requests))
        ratios.append(costs[-1] * case.rows / nothing)
    return Cost(min(costs), statistics.median(costs), statistics.median(ratios))


def measure_nothing(empty: Server) -> Cost:
    costs = [_round(empty, NOTHING, 0) for _ in range(ROUNDS)]
    return Cost(min(costs), statistics.median(costs))


def _round(server: Server, case: Case, first: int) -> float:
    """Microseconds a row."""
    requests = [_request(server, case, number) for number in range(first, first + case.requests)]
    before = cpu_seconds(server.pid)
    _drive(server.url, requests)
    return 1e6 * (cpu_seconds(server.pid) - before) / (case.requests * case.rows)


def cpu_seconds(pid: int) -> float:
    """Time that the threads of a process have run, in seconds; the kernel counts nanoseconds."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9


def resident_mb(pid: int) -> float:
    line = next(x for x in Path(f"/proc/{pid}/status").read_text().splitlines() if x.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def _request(server: Server, case: Case, number: int) -> bytes:
    method, path, body = case.make(number)
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: {urlsplit(server.url).netloc}\r\nAuthorization: Bearer {server.token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _drive(url: str, requests: Sequence[bytes]) -> None:
    """Send each request on whichever connection has had its answer."""
    place = urlsplit(url)
    connections = [socket.create_connection((place.hostname, place.port)) for _ in range(CONNECTIONS)]
    coming = iter(requests)
    waiting: deque[socket.socket] = deque()
    for connection in connections:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _send_next(connection, coming, waiting)
    while waiting:
        connection = waiting.popleft()
        _read_answer(connection)
        _send_next(connection, coming, waiting)
    for connection in connections:
        connection.close()


def _send_next(connection: socket.socket, coming: Iterator[bytes], waiting: deque[socket.socket]) -> None:
    request = next(coming, None)
    if request is not None:
        connection.setblocking(True)
        connection.sendall(request)
        connection.setblocking(False)
        waiting.append(connection)


def _read_answer(connection: socket.socket) -> None:
    answer = _receive(connection)
    while b"\r\n\r\n" not in answer:
        answer += _receive(connection)
    head, _, body = answer.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
    while len(body) < length:
        body += _receive(connection)
    if not head.startswith(b"HTTP/1.1 2") or b'"success":false' in body:
        raise RuntimeError(f"{head[:100]!r} {body[:500]!r}")


def _receive(connection: socket.socket) -> bytes:
    while True:
        try:
            part = connection.recv(1 << 20)
        except BlockingIOError:
            continue
        if not part:
            raise RuntimeError("the server closed a connection")
        return part
