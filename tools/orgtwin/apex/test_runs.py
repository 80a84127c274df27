"""Test runs as the org keeps them: which classes were asked for, what each method gave, what they covered.

A run is over before its id is told, so that whoever polls finds it Completed. Source: ApexTestRunResult, ApexTestQueueItem,
ApexTestResult, ApexCodeCoverage, ApexCodeCoverageAggregate, ApexOrgWideCoverage (Tooling API Developer Guide).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from orgtwin.apex.coverage import ClassCoverage
from orgtwin.apex.engine import Engine
from orgtwin.apex.service import ApexService
from orgtwin.apex.testing import TestOutcome, TestRun, find_tests
from orgtwin.errors import SalesforceError
from orgtwin.organization import Organization


@dataclass(frozen=True, slots=True)
class QueueItem:
    """One class of a run; its results, and those of its @TestSetup methods, have ids of their own. A log, if one was kept."""

    id: str
    class_id: str
    class_name: str
    results: tuple[tuple[str, TestOutcome], ...]
    setups: tuple[tuple[str, TestOutcome], ...]
    log_id: str | None


@dataclass(frozen=True, slots=True)
class Covered:
    """What a run covered of one class or trigger."""

    id: str
    class_or_trigger_id: str
    lines: ClassCoverage


@dataclass(frozen=True, slots=True)
class KeptRun:
    """One run. `id` is that of its job (707), `result_id` that of its ApexTestRunResult (05m)."""

    id: str
    result_id: str
    user_id: str
    started: datetime
    ended: datetime
    items: tuple[QueueItem, ...]
    run: TestRun
    coverage: tuple[Covered, ...]


@dataclass(frozen=True, slots=True)
class CoveredByMethod(Covered):
    """What one test method covered of one class or trigger."""

    test_class_id: str
    method_name: str


class TestRuns:
    """The runs of one org, and what they covered of each class and trigger since its source last changed."""

    __test__ = False

    def __init__(self, org: Organization) -> None:
        self._org = org
        self.runs: dict[str, KeptRun] = {}
        self._coverage: dict[str, tuple[str, Covered]] = {}
        self._by_method: list[CoveredByMethod] = []

    @property
    def coverage(self) -> list[Covered]:
        """Of the sources as they are."""
        sources = self._sources()
        return [row for class_id, (source, row) in self._coverage.items() if sources.get(class_id) == source]

    @property
    def coverage_by_method(self) -> list[CoveredByMethod]:
        """Of the sources as they are, what each method covered when it last ran."""
        standing = {row.class_or_trigger_id for row in self.coverage}
        return [row for row in self._by_method if row.class_or_trigger_id in standing]

    def _sources(self) -> dict[str, str]:
        """The sources of the org's classes and triggers by their ids."""
        found: dict[str, str] = {}
        for name in ("ApexClass", "ApexTrigger"):
            table = self._org.table(name)
            read_id, read_body = table.reader("Id"), table.reader("Body")
            found.update({str(read_id(row)): str(read_body(row) or "") for row in table.rows()})
        return found

    def _keep_coverage(self, covered: Iterable[Covered], by_method: Iterable[CoveredByMethod]) -> None:
        """Add what a run covered. A method that ran before is told of as it ran now."""
        kept, rows, sources = self.coverage_by_method, list(by_method), self._sources()
        again = {(row.test_class_id, row.method_name) for row in rows}
        self._by_method = [row for row in kept if (row.test_class_id, row.method_name) not in again] + rows
        for row in covered:
            class_id = row.class_or_trigger_id
            source, before = self._coverage.get(class_id, ("", row))
            whole = _joined(before, row) if source == sources[class_id] else row
            self._coverage[class_id] = (sources[class_id], whole)

    def carry_out(
        self,
        apex: ApexService,
        user_id: str,
        names: Iterable[str] | None,
        most_failures: int = -1,
        *,
        keeps_coverage: bool = True,
    ) -> KeptRun:
        """Run classes (`Name`) and methods (`Name.method`), or all tests; no more begin after so many failures and one.

        What is known of coverage stays as it was unless `keeps_coverage`. Raises INVALID_INPUT for a name without tests.
        """
        wanted = [entry.cls.name for entry in find_tests(apex.engine())] if names is None else list(names)
        started = self._org.clock()
        run, engine = apex.run_with_coverage(wanted, user_id, most_failures=most_failures)
        found = {entry.cls.name.lower() for entry in find_tests(engine, wanted)}
        for name in wanted:
            if name.partition(".")[0].lower() not in found:
                raise SalesforceError(
                    "INVALID_INPUT",
                    f"This class name's value is invalid: {name}. Provide the name of an Apex class that has test methods.",
                )  # ASSUMED code; the text is the one that users of `sf apex run test` quote
        covered = tuple(self._covered(engine))
        kept = self._keep(apex, user_id, started, run, covered)
        if keeps_coverage:
            self._keep_coverage(covered, self._covered_by_method(engine))
        return kept

    def _keep(
        self, apex: ApexService, user_id: str, started: datetime, run: TestRun, covered: tuple[Covered, ...]
    ) -> KeptRun:
        ids, class_ids = self._org.ids, self._ids_of("ApexClass")
        by_class: dict[str, list[TestOutcome]] = {}
        setups: dict[str, list[TestOutcome]] = {}
        for outcome in run.outcomes:
            by_class.setdefault(outcome.class_name, []).append(outcome)
        for outcome in run.setups:
            setups.setdefault(outcome.class_name, []).append(outcome)
        items = tuple(
            QueueItem(
                ids.next_id("709"),
                class_ids[name.lower()],
                name,
                tuple((ids.next_id("07M"), outcome) for outcome in outcomes),
                tuple((ids.next_id("07M"), outcome) for outcome in setups.get(name, ())),
                apex.test_logs.get(name),
            )
            for name, outcomes in by_class.items()
        )
        ended = self._org.clock()
        job_id = apex.engine().port.note_row("AsyncApexJob", _job_row(len(items), ended))
        kept = KeptRun(job_id, ids.next_id("05m"), user_id, started, ended, items, run, covered)
        self.runs[kept.id] = kept
        return kept

    def _covered(self, engine: Engine) -> Iterator[Covered]:
        """Rows for all code that is no test and has lines that could run."""
        ids = self._ids_of("ApexClass", "ApexTrigger")
        for lines in engine.coverage.report(_tested(engine)):
            if lines.name.lower() in ids and (lines.covered or lines.uncovered):
                yield Covered(self._org.ids.next_id("715"), ids[lines.name.lower()], lines)

    def _covered_by_method(self, engine: Engine) -> Iterator[CoveredByMethod]:
        """Rows for the code that a method reached (ASSUMED: what it did not reach has no row with nothing covered)."""
        ids, class_ids, tested = self._ids_of("ApexClass", "ApexTrigger"), self._ids_of("ApexClass"), _tested(engine)
        for (class_name, method), ran in engine.coverage.by_test.items():
            test_class_id = class_ids[class_name.lower()]
            for lines in engine.coverage.report(tested & ran.keys(), ran):
                if lines.name.lower() in ids and lines.covered:
                    row_id = self._org.ids.next_id("714")
                    yield CoveredByMethod(row_id, ids[lines.name.lower()], lines, test_class_id, method)

    def _ids_of(self, *sobject_types: str) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for sobject_type in sobject_types:
            table = self._org.table(sobject_type)
            read_id, read_name = table.reader("Id"), table.reader("Name")
            found.update({str(read_name(row)).lower(): str(read_id(row)) for row in table.rows()})
        return found


def _job_row(classes: int, ended: datetime) -> dict[str, str | int | datetime]:
    """The job of a run that is over. Source: "AsyncApexJob" (Object Reference), JobType TestRequest. ASSUMED: its counts."""
    return {
        "JobType": "TestRequest",
        "Status": "Completed",
        "JobItemsProcessed": classes,
        "TotalJobItems": classes,
        "NumberOfErrors": 0,
        "CompletedDate": ended,
    }


def _joined(before: Covered, now: Covered) -> Covered:
    """What two runs covered of one source."""
    covered = {*before.lines.covered, *now.lines.covered}
    uncovered = {*before.lines.uncovered, *now.lines.uncovered} - covered
    return replace(before, lines=replace(now.lines, covered=tuple(sorted(covered)), uncovered=tuple(sorted(uncovered))))


def _tested(engine: Engine) -> set[str]:
    """Names of the triggers and of the classes that are no tests."""
    triggers = {trigger.name for rows in engine.triggers.values() for trigger in rows}
    return triggers | {cls.name for cls in engine.classes.values() if not cls.is_test}
