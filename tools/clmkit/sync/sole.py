"""One sync at a time on a state file: a lock beside it that the kernel releases, however the process ends.

Other commands read and write the state while the sync runs, in short transactions: `status`, `pause`, `redrive`, `audit hold`.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clmkit.sync.database import StateError, Target


@contextmanager
def sole_sync(target: Target) -> Iterator[None]:
    """Hold the lock inside the block. Raises StateError when another sync has it. In PostgreSQL claims take its place."""
    if not isinstance(target, Path):
        yield
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.with_name(f"{target.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            words = "another sync works with this state; end it, or give this one another state file."
            raise StateError(f"{target}: {words}") from error
        yield
