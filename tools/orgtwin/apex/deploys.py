"""What a deploy asks of Apex: does it compile under the schema that is about to be, do its tests pass, do they cover enough.

    compile_sources(org, schema, sources, versions)      problems by component
    run_deploy_tests(request)                            the test stage, coverage gate included

Sources: "Running Tests in a Deployment" (Metadata API Developer Guide), "Code Coverage Best Practices" (Apex Developer Guide).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from orgtwin.apex.compile import messages
from orgtwin.apex.engine import Engine
from orgtwin.apex.kernel import KernelPort
from orgtwin.apex.service import service_of
from orgtwin.apex.testing import TestOutcome
from orgtwin.apex.verdicts import Verdicts
from orgtwin.metadata.component import Key
from orgtwin.metadata.deploy_model import CoveredCode, TestFailure, TestLevel, TestReport, TestRequest, TestSuccess
from orgtwin.org import Org
from orgtwin.organization import Organization
from orgtwin.schema.model import Schema

MINIMUM_COVERAGE = 75
Place = tuple[int, int, str]
_VERDICTS = Verdicts()
"""A verdict's key says all that it rests on, so orgs may share them."""
_AVERAGE = "Average test coverage across all Apex Classes and Triggers is {}%, at least {}% test coverage is required."
_ONE = "Test coverage of selected Apex {} is {}%, at least {}% test coverage is required: {}"


def compile_sources(
    org: Organization, schema: Schema, sources: Mapping[Key, str], versions: Mapping[Key, float]
) -> dict[Key, list[Place]]:
    """Line, column and message of every problem of classes and triggers."""
    if not isinstance(org, Org):
        raise TypeError(f"Apex compiles on an org in memory, not on {type(org).__name__}")
    engine = Engine(_DraftPort(org, schema))
    files = {f"{kind}/{name}": (kind, name) for kind, name in sources}
    engine.load(
        {f"{key[0]}/{key[1]}": text for key, text in sources.items()},
        {f"{key[0]}/{key[1]}": version for key, version in versions.items()},
    )
    by_name = {name.lower(): (kind, name) for kind, name in sources}
    found: dict[Key, list[Place]] = {}
    for file, declared in engine.declared.items():
        kind, name = files[file]
        if kind == "ApexClass" and declared.lower() != name.lower():
            found[kind, name] = [(1, 1, messages.FILE_NAME.format(declared))]
    for problem in engine.check(_VERDICTS):
        key = files.get(problem.name) or by_name.get(problem.name.lower())
        if key is not None:
            found.setdefault(key, []).append((problem.line, problem.column, problem.message))
    return found


class _DraftPort(KernelPort):
    """The org with a schema that is not in use yet; only the compiler asks it."""

    def __init__(self, org: Org, schema: Schema) -> None:
        super().__init__(org, org.automated_user_id)
        self._draft = schema

    @property
    def schema(self) -> Schema:
        return self._draft


def run_deploy_tests(request: TestRequest) -> TestReport:
    """Run the tests on the org as the deploy left it; what they write is taken back."""
    run, engine = service_of(request.org).run_with_coverage(request.class_names, request.user_id, request.labels)
    rows = covered_code(engine)
    if request.level in (TestLevel.RUN_SPECIFIED_TESTS, TestLevel.RUN_RELEVANT_TESTS):
        warnings = tuple(_specified_warnings(rows, request.components))
    else:
        warnings = tuple(average_warnings(rows))
    return TestReport(
        len(run.outcomes),
        tuple(_failure(o) for o in run.failures),
        warnings,
        round(run.seconds * 1000),
        tuple(
            TestSuccess(o.class_name, o.method_name, round(o.seconds * 1000))
            for o in run.outcomes
            if o.outcome == "Pass"
        ),
        tuple(rows),
    )


def _failure(outcome: TestOutcome) -> TestFailure:
    return TestFailure(
        outcome.class_name,
        outcome.method_name,
        outcome.message,
        outcome.stack_trace,
        time_ms=round(outcome.seconds * 1000),
    )


def covered_code(engine: Engine) -> list[CoveredCode]:
    """What the tests covered of each class and trigger that is no test and has lines that could run."""
    triggers = {trigger.name for rows in engine.triggers.values() for trigger in rows}
    classes = {cls.name for cls in engine.classes.values() if not cls.is_test}
    return [
        CoveredCode(row.name, "Trigger" if row.name in triggers else "Class", row.covered, row.uncovered)
        for row in engine.coverage.report(classes | triggers)
        if row.covered or row.uncovered
    ]


def average_warnings(rows: Iterable[CoveredCode]) -> Iterator[str]:
    """75% of all lines, and something of every trigger."""
    rows = list(rows)
    total = sum(row.locations for row in rows)
    covered = sum(len(row.covered) for row in rows)
    if total and 100 * covered < MINIMUM_COVERAGE * total:
        yield _AVERAGE.format(100 * covered // total, MINIMUM_COVERAGE)
    for row in rows:
        if row.kind == "Trigger" and not row.covered:
            yield _ONE.format(row.kind, 0, 1, row.name)


def _specified_warnings(rows: Iterable[CoveredCode], components: Iterable[Key]) -> Iterator[str]:
    """With RunSpecifiedTests and RunRelevantTests each class and trigger of the deploy is covered by itself.

    ASSUMED: the text for a class.
    """
    deployed = {name.lower() for _, name in components}
    for row in rows:
        if row.name.lower() in deployed and 100 * len(row.covered) < MINIMUM_COVERAGE * row.locations:
            yield _ONE.format(row.kind, 100 * len(row.covered) // row.locations, MINIMUM_COVERAGE, row.name)
