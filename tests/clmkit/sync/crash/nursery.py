"""Processes to kill: each run of the sync is a process of its own, forked from one that has its modules and the mapping loaded.

    python -m tests.clmkit.sync.crash.nursery FOLDER LOG      orders on stdin, an answer on stdout when the run is over

What a run does is written to LOG at once, with the machine's clock: when it took work up, what it shipped and what was refused.
"""

from __future__ import annotations

import functools
import hashlib
import os
import select
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import msgspec
from tests.clmkit.sync.crash.commands import COMMAND_POINTS
from tests.clmkit.sync.crash.points import POINTS, SHIP, Doom

from clmkit.cli import audit, sync
from clmkit.cli.main import main
from clmkit.clients.salesforce import Record, RowResult
from clmkit.sync import database_postgres, engine
from clmkit.sync.config import load_config
from clmkit.sync.intake import Intake, Work

CONFIG = "sync.yml"
LOADED_BEFORE_THE_FORK = (database_postgres, audit, sync)


class Order(msgspec.Struct, frozen=True):
    """One run of the sync, or of a command of the kit. It dies at a point, or after some seconds, or not at all."""

    run: int
    point: str = ""
    passage: int = 1
    after_seconds: float | None = None
    command: tuple[str, ...] = ()


class Answer(msgspec.Struct, frozen=True):
    run: int
    is_killed: bool
    status: int
    started: float
    ended: float


class Note(msgspec.Struct, frozen=True):
    """`what`: taken, shipped, answered. `rows` are digests of what is sent; of an answer those that were not refused. `at` is the
    machine's clock, `worked` the seconds of processor time that the run has used by then.
    """

    run: int
    what: str
    at: float
    worked: float = 0.0
    rows: list[str] = []


class Log:
    """Each note is one write: it is in the file even if the process dies with the next instruction."""

    def __init__(self, path: Path, run: int) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._run = run

    def note(self, what: str, rows: Sequence[str] = ()) -> None:
        os.write(
            self._file,
            msgspec.json.encode(Note(self._run, what, time.monotonic(), time.process_time(), list(rows))) + b"\n",
        )

    def watch(self) -> None:
        self._watch_intake()
        for owner, name in SHIP:
            self._watch_shipping(owner, name)

    def _watch_intake(self) -> None:
        original = Intake.take

        async def take(intake: Intake) -> dict[str, Work]:
            work = await original(intake)
            self.note("taken")
            return work

        Intake.take = take  # type: ignore[method-assign,assignment]

    def _watch_shipping(self, owner: type, name: str) -> None:
        original = getattr(owner, name)

        async def ship(org: Any, sobject: str, key: str, records: Sequence[Record], **named: Any) -> list[RowResult]:
            rows = [_digest(sobject, record) for record in records]
            self.note("shipped", rows)
            results: list[RowResult] = await original(org, sobject, key, records, **named)
            self.note("answered", [row for row, result in zip(rows, results, strict=True) if result.is_success])
            return results

        setattr(owner, name, ship)


def _digest(sobject: str, record: Record) -> str:
    text = msgspec.json.encode([sobject, sorted(record.items())], enc_hook=str)
    return hashlib.sha256(text).hexdigest()[:16]


def serve(folder: Path, log: Path) -> None:
    engine.load_linted = functools.cache(engine.load_linted)
    engine.load_linted(load_config(folder / CONFIG).spec)
    for line in sys.stdin:
        answer = _run_apart(msgspec.json.decode(line, type=Order), folder, log)
        sys.stdout.write(msgspec.json.encode(answer).decode() + "\n")
        sys.stdout.flush()


def _run_apart(order: Order, folder: Path, log: Path) -> Answer:
    ours, theirs = os.pipe()
    started = time.monotonic()
    child = os.fork()
    if not child:
        os.close(ours)
        _run(order, folder, log)
    os.close(theirs)
    if order.after_seconds is not None and not select.select([ours], [], [], order.after_seconds)[0]:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    os.close(ours)
    code = os.waitstatus_to_exitcode(status)
    return Answer(order.run, code == -signal.SIGKILL, code, started, time.monotonic())


def _run(order: Order, folder: Path, log: Path) -> None:
    """The child's whole life. Its pipe to the parent closes when it ends, however it does."""
    code = 1
    try:
        Log(log, order.run).watch()
        if order.point:
            Doom({**POINTS, **COMMAND_POINTS}[order.point], order.passage).install()
        code = _obey(order, folder)
    finally:
        if sys.exc_info()[0] is not None:
            sys.excepthook(*sys.exc_info())
        os._exit(code)


def _obey(order: Order, folder: Path) -> int:
    """What a command says is in a file beside the log."""
    if not order.command:
        engine.run_once(load_config(folder / CONFIG))
        return 0
    with (folder / f"{order.run}.said").open("w") as said, redirect_stdout(said), redirect_stderr(said):
        try:
            main([*order.command, "--config", str(folder / CONFIG)])
        except SystemExit as ended:
            return int(str(ended.code or 0))
    raise AssertionError("a command ends by telling its exit code")


if __name__ == "__main__":
    serve(Path(sys.argv[1]), Path(sys.argv[2]))
