"""Files that are there whole or not at all. Every OSError names the file, a full disk's too."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """An OSError of the block names the file: a write does not know it by itself."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


def refuse_missing(package: Path) -> None:
    """A package directory that is not there is no empty package: everything in the org would seem withdrawn. Raises OSError."""
    if not package.is_dir():
        reason = "there is no such package directory; run `clmkit generate`, or name it with --package"
        raise FileNotFoundError(errno.ENOENT, reason, str(package))


def write_whole(path: Path, content: bytes) -> None:
    """Write beside the file, then put it in its place: what was there stays until all of the new is. Raises OSError."""
    partial = path.with_name(f".{path.name}.partial")
    with naming(path):
        try:
            partial.write_bytes(content)
            partial.replace(path)
        except OSError:
            with suppress(OSError):
                partial.unlink(missing_ok=True)
            raise
