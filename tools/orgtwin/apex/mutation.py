"""Judges a project's Apex tests: every mutant of its classes and triggers should make one of them fail.

The tests that run a line, as coverage tells, are the only ones that can find a mutant of it; they run until the first failure.
Mutants are spread over processes. Source of the idea: mutation testing (DeMillo, Lipton, Sayward 1978).
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import takewhile
from pathlib import Path

from orgtwin.apex.engine import Engine
from orgtwin.apex.kernel import KernelPort, engine_for
from orgtwin.apex.mutants import Mutant, find_mutants
from orgtwin.apex.project import Project, read_project
from orgtwin.apex.projects import assign, prepare
from orgtwin.apex.save_hooks import TriggerHooks
from orgtwin.apex.syntax import SyntaxProblem, parse
from orgtwin.apex.testing import find_tests, run_tests

KILLED, SURVIVED, STILLBORN, UNCOVERED = "killed", "survived", "stillborn", "not covered"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one mutant. `by` is the test that failed."""

    mutant: Mutant
    outcome: str
    by: str = ""


@dataclass
class MutationRun:
    """All verdicts. Stillborn mutants (they do not compile) do not count; what no test runs has survived."""

    verdicts: list[Verdict] = field(default_factory=list)

    @property
    def judged(self) -> list[Verdict]:
        return [v for v in self.verdicts if v.outcome != STILLBORN]

    @property
    def survivors(self) -> list[Verdict]:
        return [v for v in self.judged if v.outcome != KILLED]

    @property
    def rate(self) -> float:
        judged = self.judged
        return 100.0 * (len(judged) - len(self.survivors)) / len(judged) if judged else 0.0

    def by_kind(self) -> list[tuple[str, int, int]]:
        """(kind, killed, all)."""
        every = Counter(v.mutant.kind for v in self.judged)
        killed = Counter(v.mutant.kind for v in self.judged if v.outcome == KILLED)
        return [(kind, killed[kind], every[kind]) for kind in sorted(every)]


class BaselineFailed(Exception):
    """The tests fail before anything is changed: str() says which."""


class Bench:
    """One org with the project's metadata; each mutant gets an engine of its own over it."""

    def __init__(self, project: Project, permission_sets: tuple[str, ...]) -> None:
        self._sources = project.apex
        self._versions, self._idle = project.versions, project.idle
        self._read = lru_cache(maxsize=len(project.apex) + 1)(parse)
        first = prepare(project, coverage=True, joins=False)
        assign(first, permission_sets)
        self._port = _kernel(first)
        self._engine: Engine | None = None
        self._labels = dict(project.labels)
        TriggerHooks(lambda: self._engine).register(self._port.org)

    def tests_by_line(self) -> Mapping[str, Mapping[int, frozenset[str]]]:
        """Which test methods run which line of which class; lines that none runs are there, too. Raises BaselineFailed."""
        found: dict[str, dict[int, set[str]]] = {}
        engine = self._load({}, coverage=True)
        engine.check()
        for entry in find_tests(engine):
            for method in entry.methods:
                engine.coverage.forget()
                name = f"{entry.cls.name}.{method.name}"
                failed = run_tests(engine, [name]).failures
                if failed:
                    raise BaselineFailed(f"{name}: {failed[0].message}")
                for cls, hits in engine.coverage.ran().items():
                    for line in hits:
                        found.setdefault(cls.lower(), {}).setdefault(line, set()).add(name)
        return {
            cls.lower(): {line: frozenset(found.get(cls.lower(), {}).get(line, ())) for line in lines}
            for cls, lines in engine.coverage.lines.items()
        }

    def judge(self, mutant: Mutant, tests: Sequence[str]) -> Verdict:
        """Run the tests, in this order, against a mutant until one fails.

        What ends in a limit or a refusal of the twin has failed, too. A mutant declares what its class
        declared, so that no other class needs to be checked again.
        """
        try:
            self._read(mutant.source)
        except SyntaxProblem:
            return Verdict(mutant, STILLBORN)
        engine = self._load({mutant.name: mutant.source}, coverage=False)
        if engine.check_one(mutant.name):
            return Verdict(mutant, STILLBORN)
        for name in tests:
            if run_tests(engine, [name]).failures:
                return Verdict(mutant, KILLED, name)
        return Verdict(mutant, SURVIVED if tests else UNCOVERED)

    def _load(self, changed: Mapping[str, str], *, coverage: bool) -> Engine:
        engine = self._engine = engine_for(self._port.org, self._port.user().user_id, coverage=coverage)
        _kernel(engine).labels.update(self._labels)
        engine.load({**self._sources, **changed}, self._versions, read=self._read, idle=self._idle)
        return engine


def _kernel(engine: Engine) -> KernelPort:
    if not isinstance(engine.port, KernelPort):
        raise TypeError(f"mutants run on an org in memory, not on {engine.port!r}")
    return engine.port


def _shared(first: str, second: str) -> int:
    """How many characters two names begin with."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False)))


def mutants_of(project: Project) -> list[Mutant]:
    """Of every class and trigger that is no test."""
    return [
        mutant
        for name, source in sorted(project.apex.items())
        if "@istest" not in source.lower()
        for mutant in find_mutants(name, source)
    ]


def run_mutation(
    folder: Path, permission_sets: tuple[str, ...] = (), *, sample: int | None = None, seed: int = 0, processes: int = 1
) -> MutationRun:
    """Judge the tests of a project; `sample` takes that many mutants by a seeded choice. Raises BaselineFailed."""
    project = read_project(folder)
    bench = Bench(project, permission_sets)
    tests = bench.tests_by_line()
    chosen = mutants_of(project)
    if sample is not None and sample < len(chosen):
        chosen = sorted(random.Random(seed).sample(chosen, sample), key=lambda m: (m.name, m.line))  # noqa: S311  (no secret)
    breadth = Counter(name for lines in tests.values() for names in lines.values() for name in names)
    work = [(mutant, _soonest_first(_covering(tests, mutant), mutant, breadth)) for mutant in chosen]
    if processes <= 1:
        return MutationRun([bench.judge(mutant, names) for mutant, names in work])
    parts = [work[n::processes] for n in range(processes)]
    with ProcessPoolExecutor(processes) as pool:
        done = pool.map(_judge_part, [folder] * processes, [permission_sets] * processes, parts)
        verdicts = [verdict for part in done for verdict in part]
    return MutationRun(sorted(verdicts, key=lambda v: (v.mutant.name, v.mutant.line, v.mutant.kind, v.mutant.change)))


def _judge_part(
    folder: Path, permission_sets: tuple[str, ...], work: Sequence[tuple[Mutant, Sequence[str]]]
) -> list[Verdict]:
    bench = Bench(read_project(folder), permission_sets)
    return [bench.judge(mutant, names) for mutant, names in work]


def _soonest_first(tests: Iterable[str], mutant: Mutant, breadth: Mapping[str, int]) -> list[str]:
    """A class's own tests find its mutants soonest; of those, one that runs few lines is done soonest."""
    return sorted(tests, key=lambda test: (-_shared(test, mutant.name), breadth[test], test))


def _covering(tests: Mapping[str, Mapping[int, frozenset[str]]], mutant: Mutant) -> frozenset[str]:
    """The tests that run the mutant's line; of a line that coverage does not know, those that run any line of the class.

    A statement of several lines is known by its first: the nearest known line before is asked, too.
    """
    lines = tests.get(mutant.name.lower(), {})
    if mutant.line in lines:
        return lines[mutant.line]
    before = max((line for line in lines if line <= mutant.line), default=None)
    found = lines[before] if before is not None else frozenset()
    return found or frozenset().union(*lines.values())
