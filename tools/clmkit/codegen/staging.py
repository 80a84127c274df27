"""The staging folder: new files, whole, before any of them has its place.

To make a file takes the kernel longer than it takes us to render it (ext4: 25 to 110 microseconds of processor time, and more while
it remembers files that were deleted in the last minutes), on the core of the process that asks for it. So many files are written by
two processes: this one, and a fork of it that finds the bytes in its memory. Where none can be forked (Windows, no memory), or
threads run, whose locks a fork would copy as they stand, this one writes them all.

The fork ends with its share, with the number of the error that stopped it, or as soon as this process is no more.
"""

from __future__ import annotations

import errno
import os
import signal
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from itertools import takewhile
from pathlib import Path
from typing import NoReturn

MANY = 1_000
"""Files from which a fork gains more than it costs: a few milliseconds, for 20,000 fields 15."""

NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
CUT_OFF = 255
"""Exit code of a fork that ended without an error of the system: no error has this number."""


def stage_files(files: Mapping[str, bytes], staging: Path) -> None:
    """Write the files below a folder that is not there yet. Raises OSError; by then nobody writes there any more."""
    for folder in dict.fromkeys(path.rpartition("/")[0] for path in files):
        os.makedirs(staging / folder, exist_ok=True)
    paths = list(files)
    half = len(paths) // 2  # in their order, for a folder takes in one file at a time: so one folder at most is in both
    writer = _try_fork_writer(files, paths[half:], staging) if len(paths) >= MANY else None
    try:
        _write(files, paths if writer is None else paths[:half], staging)
        status = 0 if writer is None else os.waitpid(writer, 0)[1]
    except BaseException:
        _end(writer)
        raise
    _require_written(os.waitstatus_to_exitcode(status))


def _write(files: Mapping[str, bytes], paths: Iterable[str], staging: Path) -> None:
    for path in paths:
        _write_new(f"{staging}/{path}", files[path])


def _write_new(path: str, content: bytes) -> None:
    """Three calls of the system where `open` makes six: of 20,000 small files a third of what the disk takes."""
    descriptor = os.open(path, NEW, 0o666)
    try:
        left = memoryview(content)
        while left:
            left = left[os.write(descriptor, left) :]
    finally:
        os.close(descriptor)


def _try_fork_writer(files: Mapping[str, bytes], paths: Iterable[str], staging: Path) -> int | None:
    """The id of a new process that writes these of the files; None where there can be none."""
    if not hasattr(os, "fork") or threading.active_count() > 1:
        return None
    parent = os.getpid()
    try:
        writer = os.fork()
    except OSError:  # no memory, or no process more for this user
        return None
    if not writer:
        _write_and_exit(files, paths, staging, parent)
    return writer


def _write_and_exit(files: Mapping[str, bytes], paths: Iterable[str], staging: Path, parent: int) -> NoReturn:
    code = CUT_OFF
    try:
        _write(files, takewhile(lambda _: os.getppid() == parent, paths), staging)
        code = 0
    except OSError as error:
        code = error.errno or CUT_OFF
    finally:
        os._exit(code)


def _end(writer: int | None) -> None:
    if writer is not None:
        with suppress(ProcessLookupError, ChildProcessError):
            os.kill(writer, signal.SIGKILL)
            os.waitpid(writer, 0)


def _require_written(code: int) -> None:
    """Raise what stopped the fork: an error of the system by its number, a signal by its number below zero."""
    if code == CUT_OFF or code < 0:
        raise OSError(errno.EINTR, f"the second process that wrote ended with {code}")
    if code:
        raise OSError(code, os.strerror(code))
