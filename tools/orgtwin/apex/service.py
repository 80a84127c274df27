"""Apex of one live org: what the deploy, the save order and the test endpoints call.

    service = twin.part(ApexService)                     one an org; from then on its triggers run in every save
    run, engine = service.run_with_coverage(names)       engine.coverage.report(...); deploys.py judges it
    service_of(org)                                      the same for those who have only the org
    service.engine()                                     classes and triggers as they are deployed now

The sources are the Body of the org's ApexClass and ApexTrigger rows; a deploy changes the rows, and the next use compiles anew.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from weakref import WeakValueDictionary

from orgtwin.access.assignments import setup_entities
from orgtwin.apex.classes import source_key
from orgtwin.apex.engine import Engine, Problem
from orgtwin.apex.faults import ApexThrow
from orgtwin.apex.kept_logs import NOTHING_ASKED, AskedLog, KeptLog, Trace, find_outdated, find_trace
from orgtwin.apex.kernel import KernelPort, engine_for
from orgtwin.apex.save_hooks import TriggerHooks
from orgtwin.apex.testing import TestRun, run_tests
from orgtwin.apex.transaction import Job
from orgtwin.org import Org
from orgtwin.organization import Organization
from orgtwin.records.model import Caller
from orgtwin.records.table import ID

ANONYMOUS_UNIT = "execute_anonymous_apex"
_TEST_OPERATION = "ApexTestHandler"  # as recorded
_TABLES = ("ApexClass", "ApexTrigger")


@dataclass(frozen=True, slots=True)
class AnonymousRun:
    """What became of anonymous Apex: compile problems, or the exception that ended it, and its debug log."""

    problems: tuple[Problem, ...]
    thrown: ApexThrow | None
    log: str


@dataclass(frozen=True, slots=True)
class PausedApex:
    """The engine of a transaction that is paused, and what the service knows of it."""

    engine: Engine | None
    versions: tuple[int, ...]
    testing: Engine | None
    hides_data: bool
    work: tuple[list[Job], bool]
    logs: list[KeptLog]


class ApexService:
    """See the module."""

    def __init__(self, org: Organization) -> None:
        if not isinstance(org, Org):
            raise TypeError(f"Apex runs on an Org, not on {org!r}")
        self._org = org
        self._engine: Engine | None = None
        self._versions: tuple[int, ...] = ()
        self._spare: list[tuple[Engine, tuple[int, ...]]] = []
        """Engines for those who come in while others are paused: an engine runs one thing at a time."""
        self._testing: Engine | None = None
        self.logs: dict[str, str] = {}
        self.test_logs: dict[str, str] = {}
        """Ids of the logs of the last run of tests, by class."""
        self.outbox: list[dict[str, object]] = []
        self._waiting_logs: list[KeptLog] = []
        self.hooks = TriggerHooks(self._running, self.logged)
        self.hooks.register(org)
        org.log.on_end(lambda _committed: self._keep_waiting_logs())
        _SERVICES[id(org)] = self

    def engine(self) -> Engine:
        """The compiled classes and triggers of the org as it is now."""
        versions = (self._org.schema.version, *(self._org.table(name).version for name in _TABLES))
        if self._engine is None or versions != self._versions:
            self._engine = engine_for(self._org, self._org.automated_user_id)
            self._engine.outbox = self.outbox
            self._load(self._engine)
            self._versions = versions
        return self._engine

    def current(self) -> Engine:
        """The engine that Apex called from a save runs in: that of a test run, or the org's."""
        return self._testing or self.engine()

    def _running(self) -> Engine | None:
        """The engine that takes part in saves: that of a test run, or the org's once there are triggers or Apex has run."""
        if self._testing is not None:
            return self._testing
        is_needed = self._engine is not None or len(self._org.table("ApexTrigger"))
        return self.engine() if is_needed else None

    # Pauses

    @property
    def is_in_trigger(self) -> bool:
        """Whether a save is under way around the Apex that runs."""
        running = self._testing or self._engine
        return running is not None and bool(running.trigger_context)

    def leave(self) -> PausedApex:
        """The Apex that runs is paused: whoever comes in finds another engine."""
        hides_data = self._testing is not None and self._testing.port.hides_data
        work, logs = self.hooks.leave_work(), self._waiting_logs
        left = PausedApex(self._engine, self._versions, self._testing, hides_data, work, logs)
        if self._testing is not None:
            self._testing.port.show_data()
        self._engine, self._versions = self._spare.pop() if self._spare else (None, ())
        self._testing, self._waiting_logs = None, []
        return left

    def enter(self, left: PausedApex) -> None:
        """The Apex that was paused goes on."""
        if self._engine is not None:
            self._spare.append((self._engine, self._versions))
        self._engine, self._versions, self._testing = left.engine, left.versions, left.testing
        self._waiting_logs = left.logs
        self.hooks.find_work(left.work)
        if left.testing is not None and left.hides_data:
            left.testing.port.hide_data()

    def _load(self, engine: Engine) -> None:
        """The classes and triggers of the org, and the ids of their rows."""
        sources: dict[str, str] = {}
        versions: dict[str, float] = {}
        idle: set[str] = set()
        for name in _TABLES:
            table = self._org.table(name)
            read_name, read_body = table.reader("Name"), table.reader("Body")
            read_version, read_status = table.reader("ApiVersion"), table.reader("Status")
            for row in table.rows():
                key = f"{name}/{read_name(row)!s}"
                sources[key] = str(read_body(row) or "")
                versions[key] = float(str(read_version(row)))
                if read_status(row) != "Active":
                    idle.add(key)
                engine.source_ids[source_key(name, str(read_name(row)))] = str(row[ID])[:15]
        engine.load(sources, versions, idle=idle)

    # Apex on behalf of a caller

    @contextmanager
    def as_user(self, user_id: str) -> Iterator[Engine]:
        """The engine, running for a user, inside one transaction of the org: an exception takes back what was written."""
        engine = self.engine()
        with self._org.transaction():
            before = engine.port.run_as(user_id)
            try:
                yield engine
            finally:
                engine.port.run_as(before.user_id)

    def may_call(self, caller: Caller, class_name: str) -> bool:
        """Who may write Apex may call all of it; others what a profile or permission set gives. Source: "Apex Class Access"."""
        if self._org.access.has_permission(caller, "AuthorApex"):
            return True
        table = self._org.table("ApexClass")
        name_of = table.reader("Name")
        allowed = setup_entities(self._org, caller.user_id, self._org.now)
        return any(name_of(row) == class_name for row in map(table.get, allowed) if row is not None)

    def run_anonymous(self, source: str, user_id: str, asked: AskedLog = NOTHING_ASKED) -> AnonymousRun:
        """Compile and run Apex text for a user, with the org's classes and triggers; jobs run after the commit."""
        engine = self.engine()
        trace = self.trace_of(user_id)
        levels = trace.levels if trace is not None else asked.levels
        log = engine.open_log(levels, {} if trace is None else trace.traced, asked.version)
        problems: list[Problem] = []
        thrown: ApexThrow | None = None
        try:
            with self.as_user(user_id):
                for line in source.splitlines():
                    log.note(f"Execute Anonymous: {line}")
                engine.start_log()
                with log.unit((ANONYMOUS_UNIT,), (ANONYMOUS_UNIT,)):
                    problems = engine.run_anonymous(source, self.hooks.later)
        except ApexThrow as error:
            thrown = error
        finally:
            milliseconds, text = log.elapsed() // 1_000_000, engine.close_log()
        if trace is not None:
            self.keep_log(KeptLog(text, user_id, asked.operation, log.status, milliseconds, trace.location))
        return AnonymousRun(tuple(problems), thrown, text)

    # Debug logs

    def trace_of(self, user_id: str) -> Trace | None:
        """What the trace flags say now of the logs of a user; None when none are kept."""
        return find_trace(self._org, user_id)

    @contextmanager
    def logged(self, engine: Engine, user_id: str, operation: str) -> Iterator[None]:
        """A log of what runs inside, when the user is traced. It is kept when the transaction ends, however it ends."""
        trace = None if engine.log is not None or engine.is_testing else self.trace_of(user_id)
        if trace is None:
            yield
            return
        log = engine.open_log(trace.levels, trace.traced)
        engine.start_log()
        try:
            yield
        finally:
            milliseconds = log.elapsed() // 1_000_000
            kept = KeptLog(engine.close_log(), user_id, operation, log.status, milliseconds, trace.location)
            self._waiting_logs.append(kept)

    def _keep_waiting_logs(self) -> None:
        waiting, self._waiting_logs = self._waiting_logs, []
        for log in waiting:
            self.keep_log(log)

    def keep_log(self, log: KeptLog) -> str:
        """An ApexLog row for a log; its body is at /sobjects/ApexLog/<id>/Body."""
        for old in find_outdated(self._org):
            self.drop_log(old)
        log_id = self.engine().port.note_row("ApexLog", log.row(self._org.clock()))
        self.logs[log_id] = log.text
        return log_id

    def drop_log(self, log_id: str) -> bool:
        """A log and its row are gone; False when there was none."""
        if self.logs.pop(log_id, None) is None:
            return False
        self.engine().port.remove_row(log_id)
        return True

    # Tests

    def run_with_coverage(
        self,
        class_names: Sequence[str],
        user_id: str | None = None,
        labels: Mapping[str, str] | None = None,
        most_failures: int = -1,
    ) -> tuple[TestRun, Engine]:
        """Run test classes and take back what they write; the engine holds the coverage."""
        engine = engine_for(self._org, user_id or self._org.automated_user_id, coverage=True)
        if isinstance(engine.port, KernelPort):
            engine.port.labels.update({name.lower(): text for name, text in (labels or {}).items()})
        self._load(engine)
        engine.check()
        trace = self.trace_of(user_id) if user_id is not None else None
        logs: dict[str, KeptLog] = {}
        if trace is not None:
            engine.around_tests = lambda name: self._test_log(engine, trace, str(user_id), name, logs)
        self._testing = engine
        try:
            with self._org.log.unheard():
                return run_tests(engine, class_names, stopwatch=time.perf_counter, most_failures=most_failures), engine
        finally:
            self._testing = None
            self.test_logs = {name: self.keep_log(log) for name, log in logs.items()}

    @contextmanager
    def _test_log(
        self, engine: Engine, trace: Trace, user_id: str, class_name: str, logs: dict[str, KeptLog]
    ) -> Iterator[None]:
        """A log of one test class, kept when the tests are over. ASSUMED: one a class."""
        log = engine.open_log(trace.levels, trace.traced)
        engine.start_log()
        try:
            yield
        finally:
            milliseconds = log.elapsed() // 1_000_000
            text = engine.close_log()
            logs[class_name] = KeptLog(text, user_id, _TEST_OPERATION, "Success", milliseconds, trace.location)


_SERVICES: WeakValueDictionary[int, ApexService] = WeakValueDictionary()
"""By the identity of the org. The org's hooks hold the service, so both live equally long."""


def find_service(org: Organization) -> ApexService | None:
    """The Apex of an org, if somebody has asked for it."""
    return _SERVICES.get(id(org))


def service_of(org: Organization) -> ApexService:
    """The Apex of an org; made when the first asks for it, from then on its triggers run in every save."""
    return find_service(org) or ApexService(org)
