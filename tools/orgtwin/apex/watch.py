"""Runs a project's tests again whenever one of the files that they read has changed: those that the change concerns.

A change of classes and triggers concerns what reaches them by name, before the change or after it (metadata/relevance.py); any
other file concerns every test.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path

from orgtwin.apex.project_files import find_sources, kind_of
from orgtwin.metadata.relevance import Sources

Stamp = tuple[int, int]
"""Time of the last change in nanoseconds, size."""
_APEX = ("cls", "trigger")
_NAMES_APEX = ("md", "flow")


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


def differences(before: Mapping[Path, Stamp], after: Mapping[Path, Stamp]) -> Iterator[tuple[str, Path]]:
    """What happened to each file, by path."""
    for path in sorted({**before, **after}):
        if path not in after:
            yield "removed", path
        elif path not in before:
            yield "new", path
        elif before[path] != after[path]:
            yield "changed", path


def read_sources(folder: Path, paths: Collection[Path]) -> Sources:
    """Classes and triggers by name, and what of the metadata may name them. A file that is gone is empty."""
    texts = {_name(path): _text(folder / path) for path in paths if kind_of(path) in _APEX}
    return Sources(texts, [_text(folder / path) for path in paths if kind_of(path) in _NAMES_APEX])


def concerned(paths: Collection[Path], before: Sources, after: Sources) -> frozenset[str] | None:
    """Names of the classes and triggers that a change of these files concerns; None for all of them."""
    if any(kind_of(path) not in _APEX for path in paths):
        return None
    names = frozenset(map(_name, paths))
    return before.concerned_by(names) | after.concerned_by(names)


def watch(
    folder: Path,
    run: Callable[[frozenset[str] | None], object],
    tell: Callable[[str], None],
    poll: Callable[[], None],
) -> None:
    """Run all, then after every change what it concerns.

    `poll` waits between two looks; what it raises, as Ctrl-C does, ends this.
    """
    before = look(folder)
    sources = read_sources(folder, before)
    run(None)
    while True:
        tell(f"Watching {folder}; Ctrl-C ends")
        while (after := look(folder)) == before:
            poll()
        changes = list(differences(before, after))
        for kind, path in changes:
            tell(f"{kind} {path}")
        before, earlier, sources = after, sources, read_sources(folder, after)
        run(concerned([path for _, path in changes], earlier, sources))


def _name(path: Path) -> str:
    return path.stem if kind_of(path) == "cls" else path.name


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
