"""One writer at a time in a package directory: the kernel's lock on the folder itself, which a killed process leaves no trace of.

Whoever comes second is told who is first: Linux lists the holders of its locks ("/proc/locks", proc(5)). Elsewhere it is told that
there is one. Where a folder cannot be locked (Windows, some network disks) nobody is kept out; files are whole all the same.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path


class FolderInUse(Exception):
    """Another process writes there; `str()` says which, since when, and what to do."""


@contextmanager
def sole_writer(root: Path) -> Iterator[None]:
    """Hold the lock on a folder that is there. Raises FolderInUse."""
    if sys.platform == "win32":
        yield
        return
    descriptor = os.open(root, os.O_RDONLY)
    try:
        _lock(descriptor, root)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, root: Path) -> None:
    import fcntl  # not on Windows

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise FolderInUse(
            f"{root}: another clmkit generate writes here{_describe_holder(os.fstat(descriptor).st_ino)}; nothing was written\n"
            "help: wait until it has ended, then run this again."
        ) from error
    except OSError:  # a disk without locks
        return


def _describe_holder(inode: int) -> str:
    with suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/locks").read_text(encoding="ascii").splitlines():
            _, kind, _, _, pid, place, *_ = line.replace("-> ", "").split()
            if kind == "FLOCK" and place.rpartition(":")[2] == str(inode):
                return f": process {pid}, started {_started(pid):%Y-%m-%d %H:%M:%S} UTC"
    return ""


def _started(pid: str) -> datetime:
    """When a process began: its ticks since the machine did."""
    ticks = int(Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[19])
    boot = next(
        line for line in Path("/proc/stat").read_text(encoding="ascii").splitlines() if line.startswith("btime")
    )
    return datetime.fromtimestamp(int(boot.split()[1]) + ticks / os.sysconf("SC_CLK_TCK"), UTC)
