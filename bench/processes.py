"""Processor time of other processes, by what they are: on a busy machine the only figure that means something."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def processor_seconds(roots: Mapping[str, int]) -> dict[str, float]:
    """By name: of the process, of those it has waited for, and of its children that run."""
    parents = dict(_processes())
    used = dict.fromkeys(roots, 0.0)
    for name, root in roots.items():
        if root in parents:
            used[name] += sum(parents[root][1:])
        used[name] += sum(own for parent, own, _ in parents.values() if parent == root)
    return used


def children_by_name(names: Mapping[str, str]) -> dict[str, int]:
    """The children of this process whose command contains one of the words, by the name given for it."""
    found: dict[str, int] = {}
    for pid, (parent, _, _) in _processes():
        if parent == os.getpid():
            command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
            found |= {name: pid for name, word in names.items() if word in command}
    return found


def _processes() -> Iterator[tuple[int, tuple[int, float, float]]]:
    """Each with its parent, its own seconds, and those of the children that it waited for."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                facts = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            own, waited = int(facts[11]) + int(facts[12]), int(facts[13]) + int(facts[14])
            yield int(folder.name), (int(facts[1]), own / TICKS, waited / TICKS)
