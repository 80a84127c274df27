"""Which lines could run and which did. Source: "Code Coverage Best Practices" (Apex Developer Guide)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ClassCoverage:
    """Lines of one class or trigger."""

    name: str
    covered: tuple[int, ...]
    uncovered: tuple[int, ...]

    @property
    def percentage(self) -> float:
        total = len(self.covered) + len(self.uncovered)
        return 100.0 * len(self.covered) / total if total else 100.0


@dataclass
class Coverage:
    """Filled by the compiler (lines that exist) and by the running code (lines hit)."""

    enabled: bool = False
    lines: dict[str, set[int]] = field(default_factory=dict)
    hits: dict[str, set[int]] = field(default_factory=dict)

    def note(self, name: str, line: int) -> None:
        """This line holds a statement."""
        if self.enabled:
            self.lines.setdefault(name, set()).add(line)

    def counter(self, name: str) -> Callable[[int], None] | None:
        """What marks a line of this class as run; None when nobody measures."""
        return self.hits.setdefault(name, set()).add if self.enabled else None

    def report(self, names: Mapping[str, object]) -> list[ClassCoverage]:
        """Per class of `names`, by name."""
        found = []
        for name in sorted(names):
            lines, hits = self.lines.get(name, set()), self.hits.get(name, set())
            found.append(ClassCoverage(name, tuple(sorted(lines & hits)), tuple(sorted(lines - hits))))
        return found


def merge(reports: Iterable[Iterable[ClassCoverage]]) -> list[ClassCoverage]:
    """Reports of several runs of the same code as one: a line is covered when one of them ran it."""
    covered: dict[str, set[int]] = {}
    every: dict[str, set[int]] = {}
    for row in (row for report in reports for row in report):
        covered.setdefault(row.name, set()).update(row.covered)
        every.setdefault(row.name, set()).update(row.covered, row.uncovered)
    return [
        ClassCoverage(name, tuple(sorted(covered[name])), tuple(sorted(every[name] - covered[name])))
        for name in sorted(every)
    ]
