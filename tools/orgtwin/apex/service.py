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
from orgtwin.apex.engine import Engine, Problem
from orgtwin.apex.faults import ApexThrow
from orgtwin.apex.kernel import KernelPort, engine_for
from orgtwin.apex.save_hooks import TriggerHooks
from orgtwin.apex.testing import TestRun, run_tests
from orgtwin.org import Org
from orgtwin.organization import Organization
from orgtwin.records.model import Caller

_TABLES = ("ApexClass", "ApexTrigger")


@dataclass(frozen=True, slots=True)
class AnonymousRun:
    """What became of anonymous Apex: compile problems, or the exception that ended it, and its debug log."""

    problems: tuple[Problem, ...]
    thrown: ApexThrow | None
    log: str


class ApexService:
    """See the module."""

    def __init__(self, org: Organization) -> None:
        if not isinstance(org, Org):
            raise TypeError(f"Apex runs on an Org, not on {org!r}")
        self._org = org
        self._engine: Engine | None = None
        self._versions: tuple[int, ...] = ()
        self._testing: Engine | None = None
        self.logs: dict[str, str] = {}
        self.outbox: list[dict[str, object]] = []
        self._waiting_logs: list[tuple[str, str, str]] = []
        self.hooks = TriggerHooks(self._running, self._logged)
        self.hooks.register(org)
        org.log.on_end(lambda _committed: self._keep_waiting_logs())
        _SERVICES[id(org)] = self

    def engine(self) -> Engine:
        """The compiled classes and triggers of the org as it is now."""
        versions = (self._org.schema.version, *(self._org.table(name).version for name in _TABLES))
        if self._engine is None or versions != self._versions:
            self._engine = engine_for(self._org, self._org.automated_user_id)
            self._engine.outbox = self.outbox
            self._engine.load(self._sources())
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

    def _sources(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for name in _TABLES:
            table = self._org.table(name)
            read_name, read_body = table.reader("Name"), table.reader("Body")
            found.update({f"{name}/{read_name(row)!s}": str(read_body(row) or "") for row in table.rows()})
        return found

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

    def run_anonymous(self, source: str, user_id: str) -> AnonymousRun:
        """Compile and run Apex text for a user, with the org's classes and triggers; jobs run after the commit."""
        engine = self.engine()
        log = engine.open_log()
        log.event("EXECUTION_STARTED")
        log.event("CODE_UNIT_STARTED", "[EXTERNAL]", "execute_anonymous_apex")
        problems: list[Problem] = []
        thrown: ApexThrow | None = None
        try:
            with self.as_user(user_id):
                problems = engine.run_anonymous(source, self.hooks.later)
        except ApexThrow as error:
            thrown = error
        finally:
            log.event("CODE_UNIT_FINISHED", "execute_anonymous_apex")
            log.event("EXECUTION_FINISHED")
            text = engine.close_log()
        if self.is_traced(user_id):
            status = "Success" if thrown is None else str(thrown)
            self.keep_log(text, user_id, "Api", "/services/data/tooling/executeAnonymous", status)
        return AnonymousRun(tuple(problems), thrown, text)

    # Debug logs

    def is_traced(self, user_id: str) -> bool:
        """Does a TraceFlag say now that logs of this user are kept. Source: TraceFlag (Tooling API Developer Guide)."""
        table = self._org.table("TraceFlag")
        traced, start, end = (table.reader(name) for name in ("TracedEntityId", "StartDate", "ExpirationDate"))
        now = self._org.clock()
        for row in table.rows():
            begins, ends = start(row), end(row)
            if traced(row) != user_id:
                continue
            if (begins is None or begins <= now) and (ends is None or now < ends):  # type: ignore[operator]
                return True
        return False

    @contextmanager
    def _logged(self, engine: Engine, user_id: str, operation: str) -> Iterator[None]:
        """A log of what runs inside, when the user is traced. It is kept when the transaction ends, however it ends."""
        if engine.log is not None or engine.is_testing or not self.is_traced(user_id):
            yield
            return
        log = engine.open_log()
        log.event("EXECUTION_STARTED")
        try:
            yield
        finally:
            log.event("EXECUTION_FINISHED")
            self._waiting_logs.append((engine.close_log(), user_id, operation))

    def _keep_waiting_logs(self) -> None:
        waiting, self._waiting_logs = self._waiting_logs, []
        for text, user_id, operation in waiting:
            self.keep_log(text, user_id, "Api", operation, "Success")

    def keep_log(self, text: str, user_id: str, request: str, operation: str, status: str) -> str:
        """An ApexLog row for a log; its body is at /sobjects/ApexLog/<id>/Body."""
        row = {
            "LogUserId": user_id,
            "LogLength": len(text.encode("utf-8")),
            "Request": request,
            "Operation": operation,
            "Application": "Unknown",
            "Status": status[:255],
            "DurationMilliseconds": 0,
            "StartTime": self._org.clock(),
            "Location": "SystemLog",
        }
        log_id = self.engine().port.note_row("ApexLog", row)
        self.logs[log_id] = text
        return log_id

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
        engine.load(self._sources())
        engine.check()
        self._testing = engine
        try:
            with self._org.log.unheard():
                return run_tests(engine, class_names, stopwatch=time.perf_counter, most_failures=most_failures), engine
        finally:
            self._testing = None


_SERVICES: WeakValueDictionary[int, ApexService] = WeakValueDictionary()
"""By the identity of the org. The org's hooks hold the service, so both live equally long."""


def find_service(org: Organization) -> ApexService | None:
    """The Apex of an org, if somebody has asked for it."""
    return _SERVICES.get(id(org))


def service_of(org: Organization) -> ApexService:
    """The Apex of an org; made when the first asks for it, from then on its triggers run in every save."""
    return find_service(org) or ApexService(org)
