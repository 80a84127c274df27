"""Child processes that never outlive the run: each in its own session, ended with it, whatever way the run ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType

import msgspec

from clmkit.cli.demo.failure import StepFailed, last_lines

READY_WITHIN_SECONDS = 120.0
STOP_WITHIN_SECONDS = 5.0
_POLL_SECONDS = 0.02


def tool(name: str) -> str:
    """The console script `name` of the Python that runs this."""
    return str(Path(sys.executable).parent / name)


@dataclass(frozen=True, slots=True)
class EndedServer:
    """A server that ended although nobody asked it to."""

    name: str
    code: int
    log: Path


@dataclass
class Processes:
    """The children of one run; leaving the `with` block ends them all."""

    running: list[subprocess.Popen[bytes]] = field(default_factory=list)
    servers: dict[str, tuple[subprocess.Popen[bytes], Path]] = field(default_factory=dict)

    def __enter__(self) -> Processes:
        signal.signal(signal.SIGTERM, _interrupt)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for child in self.running:
            _signal_group(child, signal.SIGTERM)
        deadline = time.monotonic() + STOP_WITHIN_SECONDS
        for child in self.running:
            try:
                child.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                _signal_group(child, signal.SIGKILL)
                child.wait()
            if child.stdin is not None:
                child.stdin.close()

    def start_server(self, command: Sequence[str], ready_file: Path, log: Path) -> dict[str, str]:
        """Start a server and wait for its ready file; answer what it holds.

        The server's standard input is a pipe of ours: when this process dies, even by kill -9, it closes and the server ends.
        """
        ready_file.unlink(missing_ok=True)
        with log.open("wb") as output:
            child = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
            )
        self.running.append(child)
        self.servers[Path(command[0]).name] = (child, log)
        deadline = time.monotonic() + READY_WITHIN_SECONDS
        while not ready_file.exists():
            if child.poll() is not None:
                raise StepFailed(f"{command[0]} ended with code {child.returncode}", last_lines(log), log)
            if time.monotonic() > deadline:
                raise StepFailed(f"{command[0]} was not ready after {READY_WITHIN_SECONDS:.0f} s", last_lines(log), log)
            time.sleep(_POLL_SECONDS)
        answer = msgspec.json.decode(ready_file.read_bytes(), type=dict[str, str | int | None])
        return {name: str(value) for name, value in answer.items() if value is not None}

    def find_ended_server(self) -> EndedServer | None:
        """A server that is not running any more, or None."""
        for name, (child, log) in self.servers.items():
            code = child.poll()
            if code is not None:
                return EndedServer(name, code, log)
        return None

    def run(self, command: Sequence[str], *, cwd: Path, env: Mapping[str, str], log: Path) -> int:
        """Run a command to its end, its output in `log`; answer its exit code."""
        with log.open("wb") as output:
            child = subprocess.Popen(
                command,
                cwd=cwd,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.running.append(child)
        try:
            return child.wait()
        finally:
            if child.poll() is not None:
                self.running.remove(child)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _signal_group(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, number)
