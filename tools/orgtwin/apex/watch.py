"""Runs a project's tests again whenever one of the files that they read has changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from orgtwin.apex.project_files import find_sources

Stamp = tuple[int, int]
"""Time of the last change in nanoseconds, size."""


def look(folder: Path) -> dict[Path, Stamp]:
    """The files that count, as they are now. A file that goes while we look is not there."""
    found: dict[Path, Stamp] = {}
    for path in find_sources(folder):
        try:
            status = path.stat()
        except FileNotFoundError:
            continue
        found[path.relative_to(folder)] = (status.st_mtime_ns, status.st_size)
    return found


def differences(before: Mapping[Path, Stamp], after: Mapping[Path, Stamp]) -> Iterator[str]:
    """What happened to each file, by path."""
    for path in sorted({**before, **after}):
        if path not in after:
            yield f"removed {path}"
        elif path not in before:
            yield f"new {path}"
        elif before[path] != after[path]:
            yield f"changed {path}"


def watch(folder: Path, run: Callable[[], object], tell: Callable[[str], None], poll: Callable[[], None]) -> None:
    """Run, then run after every change. `poll` waits between two looks; what it raises, as Ctrl-C does, ends this."""
    before = look(folder)
    run()
    while True:
        tell(f"Watching {folder}; Ctrl-C ends")
        while (after := look(folder)) == before:
            poll()
        for line in differences(before, after):
            tell(line)
        before = after
        run()
