"""A twin as its own process, for tests that need the real thing."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

BIN = Path(sys.executable).parent
PATIENCE = 120.0


@contextlib.contextmanager
def running(name: str, ready: Path) -> Iterator[dict[str, str]]:
    """`orgtwin` or `clmtwin` serving; what its ready file says. What it writes stands beside that file, and in a failure."""
    log = ready.with_suffix(".log")
    with log.open("wb") as output:
        child = subprocess.Popen([str(BIN / name), "serve", "--ready-file", str(ready)], stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + PATIENCE
        while not (ready.exists() and ready.stat().st_size):
            assert child.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(0.02)
        yield json.loads(ready.read_text())
    finally:
        child.terminate()
        assert child.wait(PATIENCE) == 0, log.read_text()
