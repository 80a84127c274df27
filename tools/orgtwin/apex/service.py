"""Apex of one live org: what the deploy, the save order and the test endpoints call.

    service = twin.part(ApexService)                     one an org; from then on its triggers run in every save
    metadata.hooks = replace(metadata.hooks, compile_apex=service.compile_apex)
    run, engine = service.run_with_coverage(names)       engine.coverage.report(...), coverage_warnings(engine)
    service.engine()                                     classes and triggers as they are deployed now

The sources are the Body of the org's ApexClass and ApexTrigger rows; a deploy changes the rows, and the next use compiles anew.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from orgtwin.apex.engine import Engine
from orgtwin.apex.kernel import KernelPort, engine_for
from orgtwin.apex.save_hooks import TriggerHooks
from orgtwin.apex.testing import TestRun, run_tests
from orgtwin.metadata.component import Key
from orgtwin.org import Org
from orgtwin.organization import Organization
from orgtwin.schema.model import Schema

MINIMUM_COVERAGE = 75
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

    # Deploys

    def compile_apex(
        self, org: Organization, schema: Schema, sources: Mapping[Key, str]
    ) -> Mapping[Key, list[tuple[int, int, str]]]:
        """The compile errors of classes and triggers under the schema that is about to be."""
        engine = Engine(_DraftPort(self._org, schema))
        names = {f"{kind}/{name}": (kind, name) for kind, name in sources}
        engine.load({f"{key[0]}/{key[1]}": text for key, text in sources.items()})
        by_name = {name.lower(): (kind, name) for kind, name in sources}
        found: dict[Key, list[tuple[int, int, str]]] = {}
        for problem in engine.check():
            key = names.get(problem.name) or by_name.get(problem.name.lower())
            if key is not None:
                found.setdefault(key, []).append((problem.line, problem.column, problem.message))
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


class _DraftPort(KernelPort):
    """The org with a schema that is not in use yet; only the compiler asks it."""

    def __init__(self, org: Org, schema: Schema) -> None:
        super().__init__(org, org.automated_user_id)
        self._draft = schema

    @property
    def schema(self) -> Schema:
        return self._draft


def coverage_warnings(engine: Engine) -> tuple[str, ...]:
    """The org's words when tests cover too little. Source: "Code Coverage Best Practices"."""
    names = {c.name: c for c in engine.classes.values() if not c.is_test}
    names.update({t.name: t.cls for triggers in engine.triggers.values() for t in triggers})
    rows = [row for row in engine.coverage.report(names) if row.covered or row.uncovered]
    total = sum(len(r.covered) + len(r.uncovered) for r in rows)
    covered = sum(len(r.covered) for r in rows)
    found = []
    if total and 100 * covered < MINIMUM_COVERAGE * total:
        found.append(
            f"Average test coverage across all Apex Classes and Triggers is {100 * covered // total}%,"
            f" at least {MINIMUM_COVERAGE}% test coverage is required."
        )
    triggers = {t.name for rows_ in engine.triggers.values() for t in rows_}
    found += [
        f"Test coverage of selected Apex Trigger is 0%, at least 1% test coverage is required: {row.name}"
        for row in rows
        if row.name in triggers and not row.covered
    ]
    return tuple(found)
