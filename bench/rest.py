"""How many records an org twin takes over REST, beside the same server answering nothing.

    python bench/rest.py [--seconds 3]

Each row: requests and records a second by the wall clock, and by the server's own CPU time (which other work on the machine does
not blur). The client is a handful of keep-alive connections on one event loop, over plain http.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import uvloop

from orgtwin.http.ready import ReadyFile, read_ready
from orgtwin.pytest_plugin import start_process, stop_process

CONNECTIONS = 8
ROWS = 200
_TICKS = os.sysconf("SC_CLK_TCK")

EMPTY_SERVER = """
import sys, uvloop
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
class Case:
    """One kind of request; `make` gives method, path and body of the n-th."""

    name: str
    make: Callable[[int], tuple[str, str, bytes]]
    rows: int = 1


@dataclass(frozen=True)
class Figure:
    requests: int
    seconds: float
    cpu_seconds: float


def cpu_seconds(pid: int) -> float:
    """User and system time a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


async def drive(url: str, token: str, case: Case, seconds: float) -> int:
    """Requests answered with success; a refusal ends the run."""
    parts = urlsplit(url)
    numbers = iter(range(10**9))
    stop_at = time.monotonic() + seconds
    done = 0

    async def connection() -> None:
        nonlocal done
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        while time.monotonic() < stop_at:
            method, path, body = case.make(next(numbers))
            head = (
                f"{method} {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: Bearer {token}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            writer.write(head.encode() + body)
            status, content = await read_answer(reader)
            if status >= 300 or b'"success":false' in content:
                raise RuntimeError(f"{case.name}: {status} {content[:300]!r}")
            done += 1
        writer.close()

    await asyncio.gather(*(connection() for _ in range(CONNECTIONS)))
    return done


async def read_answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head[9:12])
    length = 0
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    return status, await reader.readexactly(length)


def measure(url: str, token: str, pid: int, case: Case, seconds: float) -> Figure:
    before, started = cpu_seconds(pid), time.monotonic()
    requests = uvloop.run(drive(url, token, case, seconds))
    return Figure(requests, time.monotonic() - started, cpu_seconds(pid) - before)


V = "/services/data/v66.0"


def create(number: int) -> tuple[str, str, bytes]:
    return "POST", f"{V}/sobjects/Account", json.dumps({"Name": f"Account {number}"}).encode()


def collection(number: int) -> tuple[str, str, bytes]:
    rows = [
        {"attributes": {"type": "Account"}, "Name": f"Account {number}-{row}", "BillingCity": "Bern", "Site": str(row)}
        for row in range(ROWS)
    ]
    return "POST", f"{V}/composite/sobjects", json.dumps({"allOrNone": False, "records": rows}).encode()


def user_by_name(_number: int) -> tuple[str, str, bytes]:
    return "GET", f"{V}/query?q=SELECT+Id+FROM+User+WHERE+Username='admin@orgtwin.example'", b""


def upsert_by_id(existing: str) -> Callable[[int], tuple[str, str, bytes]]:
    def make(number: int) -> tuple[str, str, bytes]:
        return "PATCH", f"{V}/sobjects/Account/Id/{existing}", json.dumps({"Site": str(number)}).encode()

    return make


@contextmanager
def empty_server() -> Iterator[tuple[str, int]]:
    process = subprocess.Popen([sys.executable, "-c", EMPTY_SERVER], stdout=subprocess.PIPE, text=True)
    line = process.stdout.readline() if process.stdout else ""
    yield line.strip(), process.pid
    process.terminate()
    process.communicate()


@contextmanager
def twin() -> Iterator[ReadyFile]:
    with tempfile.TemporaryDirectory() as folder:
        ready_file = Path(folder) / "ready.json"
        process = start_process(ready_file, "--daily-api-requests", "1000000000")
        yield read_ready(ready_file)
        stop_process(process)


def show(case: Case, figure: Figure) -> None:
    by_wall, by_cpu = figure.requests / figure.seconds, figure.requests / max(figure.cpu_seconds, 1e-9)
    micros = 1e6 * figure.cpu_seconds / max(figure.requests, 1)
    print(
        f"{case.name:34} {by_wall:9,.0f} req/s {by_wall * case.rows:11,.0f} rows/s   per core {by_cpu:9,.0f} req/s "
        f"{by_cpu * case.rows:11,.0f} rows/s {micros:9,.1f} us/req"
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=3.0)
    seconds = parser.parse_args().seconds
    nothing = Case("the same server answering nothing", lambda _: ("POST", "/nothing", b'{"Name":"Account 1"}'))
    with empty_server() as (url, pid):
        show(nothing, measure(url, "", pid, nothing, seconds))
    with twin() as ready:
        answer = uvloop.run(_first_account(ready))
        cases = (
            Case("create one record", create),
            Case("upsert one record by Id", upsert_by_id(answer)),
            Case("query one user by name", user_by_name),
            Case(f"create {ROWS} records", collection, ROWS),
        )
        for case in cases:
            show(case, measure(ready.http_url, ready.access_token, ready.pid, case, seconds))
        print(f"memory of the twin at the end: {_resident(ready.pid):,.0f} MB")


async def _first_account(ready: ReadyFile) -> str:
    parts = urlsplit(ready.http_url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    method, path, body = create(0)
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ready.access_token}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode() + body)
    _, content = await read_answer(reader)
    writer.close()
    record_id: str = json.loads(content)["id"]
    return record_id


def _resident(pid: int) -> float:
    line = next(x for x in Path(f"/proc/{pid}/status").read_text().splitlines() if x.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main()
