"""One sync at a time on a state file: a lock beside it that the kernel releases, however the process ends.

Other commands read and write the state while the sync runs, in short transactions: `status`, `pause`, `redrive`, `audit hold`. In
PostgreSQL claims take the lock's place: several workers share the state, and what has to be alone with it claims all of it.
"""

from __future__ import annotations

import fcntl
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from uuid import uuid4

from clmkit.sync.database import StateError, Target
from clmkit.sync.state import State

WATCHABLE = ("clmkit sync run", "clmkit worker")
"""Work that others may look at both systems beside."""
TRIES, BETWEEN = 5, 0.02
"""How often, and after how many seconds, the lock is asked for: `find_worker` has it for an instant."""


def name_worker(work: str) -> str:
    """Who does this work, so that a person finds the process; the same name is never given twice."""
    return f"{work} (process {os.getpid()} on {socket.gethostname()}, {uuid4().hex[:8]})"


@contextmanager
def sole_sync(target: Target, worker: str) -> Iterator[None]:
    """Hold the lock inside the block, and say so in it. Raises StateError, which names the process that has it."""
    if not isinstance(target, Path):
        yield
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.with_name(f"{target.name}.lock").open("ab+", buffering=0) as lock:
        if not any(_try_lock(lock) for _ in range(TRIES)):
            words = "works with this state; end it or wait for its end, or give this one another state file."
            raise StateError(f"{target}: {_read(lock)} {words}")
        lock.truncate(0)
        with suppress(OSError):  # on a full disk the lock holds, and has no name
            lock.write(worker.encode())
        try:
            yield
        finally:
            lock.truncate(0)


def find_worker(target: Target, state: State, worker: str) -> str:
    """Who but this worker is at work on the state now; empty for nobody. Raises StateError when that must be alone."""
    who = _find_holder(target) if isinstance(target, Path) else _find_claimant(state, worker)
    if who and not who.startswith(WATCHABLE):
        raise StateError(f"{who} works with this state; wait for its end.")
    return who


def _find_claimant(state: State, worker: str) -> str:
    with state.transaction():
        return next(iter(sorted(state.inbox.find_others(worker))), "")


def _find_holder(target: Path) -> str:
    path = target.with_name(f"{target.name}.lock")
    if not path.exists():
        return ""
    with path.open("rb", buffering=0) as lock:
        return "" if _try_lock(lock) else _read(lock)


def _try_lock(lock: FileIO) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        time.sleep(BETWEEN)
        return False
    return True


def _read(lock: FileIO) -> str:
    lock.seek(0)
    return lock.read().decode(errors="replace") or "another process"


@contextmanager
def alone(state: State, worker: str) -> Iterator[None]:
    """Let no other worker begin anything inside the block. Raises StateError, which names one that is at work."""
    state.database.sign_on(worker)
    with state.transaction():
        others = state.inbox.claim_all(worker)
    if others:
        words = "is at work on this state. `clmkit sync pause --reason ...` lets it rest; then run this again."
        raise StateError(f"{', '.join(sorted(others))} {words}")
    try:
        yield
    finally:
        with state.transaction():
            state.inbox.release_all(worker)
