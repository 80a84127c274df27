"""Runs a project's tests again whenever one of the files that they read has changed: those that the change concerns.

A change of classes and triggers concerns what reaches them by name, before the change or after it (metadata/relevance.py); any
other file concerns every test.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path

from orgtwin.apex.project_files import find_read, kind_of
from orgtwin.metadata.relevance import Sources

Stamp = tuple[int, int, int]
"""Time of the last change in nanoseconds, size, number of the file."""
_APEX = ("cls", "trigger")
_NAMES_APEX = ("md", "flow")


def look(folders: Sequence[Path]) -> dict[Path, Stamp]:
    """The files that count, as they are now. A file that goes while we look is not there."""
    found: dict[Path, Stamp] = {}
    for folder in folders:
        for path in find_read(folder):
            try:
                status = path.stat()
            except OSError:
                continue
            found[path] = (status.st_mtime_ns, status.st_size, status.st_ino)
    return found


def differences(before: Mapping[Path, Stamp], after: Mapping[Path, Stamp]) -> Iterator[tuple[str, Path]]:
    """What happened to each file, by path."""
    for path in sorted({**before, **after}):
        if path not in after:
            yield "removed", path
        elif path not in before:
            yield "new", path
        elif before[path] != after[path]:
            yield "changed", path


def read_sources(paths: Collection[Path]) -> Sources:
    """Classes and triggers by name, and what of the metadata may name them. A file that is gone is empty."""
    texts = {_name(path): _text(path) for path in paths if kind_of(path) in _APEX}
    return Sources(texts, [_text(path) for path in paths if kind_of(path) in _NAMES_APEX])


def concerned(paths: Collection[Path], before: Sources, after: Sources) -> frozenset[str] | None:
    """Names of the classes and triggers that a change of these files concerns; None for all of them."""
    if any(kind_of(path) not in _APEX for path in paths):
        return None
    names = frozenset(map(_name, paths))
    return before.concerned_by(names) | after.concerned_by(names)


def watch(
    folders: Sequence[Path],
    run: Callable[[frozenset[str] | None], object],
    tell: Callable[[str], None],
    poll: Callable[[], None],
) -> None:
    """Run all, then after every change what it concerns. The first folder is the one whose tests run.

    `poll` waits between two looks; what it raises, as Ctrl-C does, ends this.
    """
    before = look(folders)
    sources = read_sources(before)
    run(None)
    while True:
        tell(f"Watching {', '.join(map(str, folders))}; Ctrl-C ends")
        while (after := look(folders)) == before:
            poll()
        changes = list(differences(before, after))
        for kind, path in changes:
            tell(f"{kind} {os.path.relpath(path, folders[0])}")
        before, earlier, sources = after, sources, read_sources(after)
        run(concerned([path for _, path in changes], earlier, sources))


def _name(path: Path) -> str:
    return path.stem if kind_of(path) == "cls" else path.name


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
