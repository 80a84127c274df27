"""Which lines could run and which did. Source: "Code Coverage Best Practices" (Apex Developer Guide)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from contextlib import contextmanager
from dataclasses import dataclass, field

Lines = Mapping[str, frozenset[int]]


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
    """Filled by the compiler (lines that exist) and by the running code (lines hit).

    `by_test` has the lines of each test method, by class and method. What @TestSetup runs counts for no method (ASSUMED).
    """

    enabled: bool = False
    lines: dict[str, set[int]] = field(default_factory=dict)
    hits: dict[str, set[int]] = field(default_factory=dict)
    by_test: dict[tuple[str, str], Lines] = field(default_factory=dict)
    _earlier: dict[str, set[int]] = field(default_factory=dict)

    def note(self, name: str, lines: Iterable[int]) -> None:
        """These lines can run."""
        if self.enabled:
            self.lines.setdefault(name, set()).update(lines)

    def counter(self, name: str) -> Callable[[Iterable[int]], None] | None:
        """What marks lines of this class as run; None when nobody measures."""
        return self.hits.setdefault(name, set()).update if self.enabled else None

    @contextmanager
    def test(self, class_name: str, method_name: str) -> Iterator[None]:
        """What runs inside is this method's."""
        if not self.enabled:
            yield
            return
        self._take()
        try:
            yield
        finally:
            self.by_test[class_name, method_name] = self._take()

    def ran(self) -> Mapping[str, set[int]]:
        """Every line that was hit, whatever hit it."""
        self._take()
        return self._earlier

    def forget(self) -> None:
        """As if nothing had run."""
        self._take()
        self._earlier.clear()
        self.by_test.clear()

    def _take(self) -> Lines:
        """The lines hit since the last time. The sets stay the same ones: compiled code holds their `update`."""
        taken = {name: frozenset(hits) for name, hits in self.hits.items() if hits}
        for name, lines in taken.items():
            self._earlier.setdefault(name, set()).update(lines)
            self.hits[name].clear()
        return taken

    def report(self, names: Iterable[str], of: Lines | None = None) -> list[ClassCoverage]:
        """Per class of `names`, by name: what the whole run covered, or the method that ran the lines `of`."""
        ran: Mapping[str, Set[int]] = self.ran() if of is None else of
        found = []
        for name in sorted(names):
            lines, hits = self.lines.get(name, set()), ran.get(name, set())
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
