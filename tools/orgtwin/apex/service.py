"""Apex of one live org: what the deploy, the save order and the test endpoints call.

    service = twin.part(ApexService)                     one an org; from then on its triggers run in every save
    run, engine = service.run_with_coverage(names)       engine.coverage.report(...); deploys.py judges it
    service_of(org)                                      the same for those who have only the org
    service.engine()                                     classes and triggers as they are deployed now

The sources are the Body of the org's ApexClass and ApexTrigger rows; a deploy changes the rows, and the next use compiles anew.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from weakref import WeakValueDictionary

from orgtwin.apex.engine import Engine
from orgtwin.apex.kernel import KernelPort, engine_for
from orgtwin.apex.save_hooks import TriggerHooks
from orgtwin.apex.testing import TestRun, run_tests
from orgtwin.org import Org
from orgtwin.organization import Organization

_TABLES = ("ApexClass", "ApexTrigger")


class ApexService:
    """See the module."""

    def __init__(self, org: Organization) -> None:
        if not isinstance(org, Org):
            raise TypeError(f"Apex runs on an Org, not on {org!r}")
        self._org = org
        self._engine: Engine | None = None
        self._versions: tuple[int, ...] = ()
        self._testing: Engine | None = None
        self.hooks = TriggerHooks(self._running)
        self.hooks.register(org)
        _SERVICES[id(org)] = self

    def engine(self) -> Engine:
        """The compiled classes and triggers of the org as it is now."""
        versions = (self._org.schema.version, *(self._org.table(name).version for name in _TABLES))
        if self._engine is None or versions != self._versions:
            self._engine = engine_for(self._org, self._org.automated_user_id)
            self._engine.load(self._sources())
            self._versions = versions
        return self._engine

    def _running(self) -> Engine | None:
        if self._testing is not None:
            return self._testing
        return self.engine() if len(self._org.table("ApexTrigger")) else None

    def _sources(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for name in _TABLES:
            table = self._org.table(name)
            read_name, read_body = table.reader("Name"), table.reader("Body")
            found.update({f"{name}/{read_name(row)!s}": str(read_body(row) or "") for row in table.rows()})
        return found

    # Tests

    def run_with_coverage(
        self, class_names: Sequence[str], user_id: str | None = None, labels: Mapping[str, str] | None = None
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
                return run_tests(engine, class_names, stopwatch=time.perf_counter), engine
        finally:
            self._testing = None


_SERVICES: WeakValueDictionary[int, ApexService] = WeakValueDictionary()
"""By the identity of the org. The org's hooks hold the service, so both live equally long."""


def service_of(org: Organization) -> ApexService:
    """The Apex of an org; made when the first asks for it, from then on its triggers run in every save."""
    return _SERVICES.get(id(org)) or ApexService(org)
