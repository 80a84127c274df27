"""A project's tests in one process or spread over several; the report is the same, but for the time.

    report = run_project(RunRequest(Path("force-app"), jobs=2), Listener())

Each process makes an org of its own and takes every n-th test class. It sends through its pipe, in this order: the name of each
class that it begins, and at the end a ProjectReport or the NotRun that it met. A pipe that closes before that means that it died.
"""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from difflib import get_close_matches
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from orgtwin.apex.coverage import ClassCoverage, merge
from orgtwin.apex.engine import Engine
from orgtwin.apex.kept_verdicts import kept_verdicts
from orgtwin.apex.log_levels import DEFAULT
from orgtwin.apex.project import Project, ProjectUnreadable, read_project
from orgtwin.apex.project_files import Base
from orgtwin.apex.projects import NotAssigned, assign, prepare
from orgtwin.apex.testing import TestClass, TestOutcome, TestRun, find_tests, run_tests


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What to run. No names are all tests of the folder; `before` are the projects that it builds on.

    `concerned`: only classes of these names, of what is chosen.
    """

    folder: Path
    names: tuple[str, ...] = ()
    permission_sets: tuple[str, ...] = ()
    coverage: bool = False
    jobs: int = 1
    before: tuple[Base, ...] = ()
    concerned: frozenset[str] | None = None
    log_level: str | None = None  # of Apex code, in a log of each test


@dataclass(frozen=True, slots=True)
class ProjectReport:
    """What came of it. `problems` are what does not deploy or compile, as text."""

    problems: tuple[str, ...]
    run: TestRun
    coverage: tuple[ClassCoverage, ...]


@dataclass(frozen=True, slots=True)
class Listener:
    """Who hears problems and outcomes, in the order of the report."""

    problem: Callable[[str], None] = lambda text: None
    outcome: Callable[[TestOutcome], None] = lambda outcome: None
    began: Callable[[str], None] = lambda class_name: None


class NotRun(Exception):
    """Nothing to report: str() says why."""


Worker = Callable[[RunRequest, int, Connection], None]


def run_project(request: RunRequest, listener: Listener) -> ProjectReport:
    """Run the tests. Raises NotRun."""
    return run_part(request, 0, listener) if request.jobs == 1 else run_parts(request, listener)


def run_part(request: RunRequest, part: int, listener: Listener) -> ProjectReport:
    """Every test class whose place in the order of names is `part`, modulo the number of jobs. Raises NotRun."""
    start = time.perf_counter()
    problems: list[str] = []

    def tell(text: str) -> None:
        problems.append(text)
        listener.problem(text)

    try:
        project = read_project(request.folder, request.before)
        engine = prepare(project, coverage=request.coverage, tell=tell)
        assign(engine, request.permission_sets)
        if request.log_level is not None:
            engine.test_levels = DEFAULT.with_code(request.log_level)
    except (ProjectUnreadable, NotAssigned) as error:
        raise NotRun(str(error)) from error
    with kept_verdicts() as verdicts:
        for problem in engine.check(None if request.coverage else verdicts):  # lines are found by compiling
            tell(str(problem))
    outcomes: list[TestOutcome] = []
    for entry in _chosen(engine, request, project)[part :: request.jobs]:
        listener.began(entry.cls.name)
        names = [f"{entry.cls.name}.{method.name}" for method in entry.methods]
        outcomes.extend(run_tests(engine, names, told=listener.outcome).outcomes)
    tested = {c.name: c for c in engine.classes.values() if not c.is_test}
    covered = engine.coverage.report(tested) if request.coverage else []
    return ProjectReport(tuple(problems), TestRun(tuple(outcomes), time.perf_counter() - start), tuple(covered))


def _chosen(engine: Engine, request: RunRequest, project: Project) -> list[TestClass]:
    """The test classes to run. Raises NotRun for a name that none has."""
    found = find_tests(engine, request.names or (project.own if request.before else None))
    known = {entry.cls.name.lower() for entry in found}
    known |= {f"{entry.cls.name}.{method.name}".lower() for entry in found for method in entry.methods}
    for name in request.names:
        if name.lower() not in known:
            raise NotRun(f"--tests {name}: {_unknown(engine, name)}")
    concerned = None if request.concerned is None else {name.lower() for name in request.concerned}
    return [entry for entry in found if concerned is None or entry.cls.name.lower() in concerned]


def _unknown(engine: Engine, name: str) -> str:
    class_name = name.partition(".")[0]
    broken = next((p for p in engine.problems if p.name.lower() == class_name.lower()), None)
    if broken is not None:
        return f"{broken.name} does not compile"
    tests = find_tests(engine)
    names = {entry.cls.name for entry in tests} | {f"{e.cls.name}.{m.name}" for e in tests for m in e.methods}
    near = get_close_matches(name, sorted(names), 1)
    return "no test class or Class.method of that name" + (f"; did you mean {near[0]}?" if near else "")


def work(request: RunRequest, part: int, pipe: Connection) -> None:
    """What one process does; see the module for what it sends."""
    with suppress(BrokenPipeError):  # the first process is gone: nobody listens
        try:
            pipe.send(run_part(request, part, Listener(began=pipe.send)))
        except NotRun as refused:
            pipe.send(refused)


def run_parts(request: RunRequest, listener: Listener, worker: Worker = work) -> ProjectReport:
    """One process a job, joined in the order of test classes. Raises NotRun, also for a process that died."""
    start = time.perf_counter()
    context = multiprocessing.get_context("spawn")
    running: list[tuple[BaseProcess, Connection]] = []
    try:
        for part in range(request.jobs):
            ours, theirs = context.Pipe(duplex=False)
            process: BaseProcess = context.Process(target=worker, args=(request, part, theirs))
            with _deaf_children():
                process.start()
                running.append((process, ours))
            theirs.close()
        reports = [_receive(process, pipe, f"{n} of {request.jobs}") for n, (process, pipe) in enumerate(running, 1)]
    finally:
        for process, pipe in running:
            pipe.close()
            process.terminate()
            process.join()
    return _join(reports, time.perf_counter() - start, listener)


@contextmanager
def _deaf_children() -> Iterator[None]:
    """Ctrl-C reaches the whole group, and the first process ends the others: what is started here never hears of it."""
    resource_tracker.ensure_running()  # starting it would take the block away
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _receive(process: BaseProcess, pipe: Connection, place: str) -> ProjectReport:
    """The report of one process, whatever the order in which they end: a pipe holds what was sent until it is read."""
    doing = "before its first test class"
    while True:
        try:
            message = pipe.recv()
        except EOFError as error:
            process.join()
            raise NotRun(f"test process {place} ended with exit code {process.exitcode} {doing}") from error
        if isinstance(message, ProjectReport):
            return message
        if isinstance(message, NotRun):
            raise message
        doing = f"in test class {message}; run it alone: --tests {message}"


def _join(reports: list[ProjectReport], seconds: float, listener: Listener) -> ProjectReport:
    """Classes by name as one process runs them; every process has the same problems."""
    every = [outcome for report in reports for outcome in report.run.outcomes]
    outcomes = sorted(every, key=lambda outcome: outcome.class_name.lower())  # stable: methods keep their order
    for problem in reports[0].problems:
        listener.problem(problem)
    for outcome in outcomes:
        listener.outcome(outcome)
    coverage = merge(report.coverage for report in reports)
    return ProjectReport(reports[0].problems, TestRun(tuple(outcomes), seconds), tuple(coverage))
