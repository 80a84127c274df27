"""The Tooling API's objects about test runs and coverage, computed from the runs that are kept.

Source: "Tooling API Objects" (Tooling API Developer Guide); "ApexTestResultLimits": limits are captured between startTest and
stopTest, without the jobs that stopTest runs. ASSUMED: a method without them has no row there; clients of versions before 61, which
have no IsTestSetup, are not shown the results of @TestSetup methods, and TestTime is without theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, cast

from orgtwin.ids import checksum
from orgtwin.metadata.tooling_tables import tooling_type
from orgtwin.organization import Organization
from orgtwin.records.model import Caller, Value
from orgtwin.soql.catalog import VirtualTable, VirtualTables

if TYPE_CHECKING:
    from orgtwin.apex.test_runs import Covered, TestRuns

FindRuns = Callable[[], "TestRuns"]
Values = dict[str, Value]
_KNOWS_SETUP = 61.0
_LIMITS = {
    "Callouts": "Callouts",
    "AsyncCalls": "FutureCalls",
    "DmlRows": "DMLRows",
    "Email": "EmailInvocations",
    "MobilePush": "MobilePushApexCalls",
    "QueryRows": "QueryRows",
    "Sosl": "SoslQueries",
    "Cpu": "CpuTime",
    "Dml": "DMLStatements",
    "Soql": "Queries",
}
"""Fields of ApexTestResultLimits, and the limits they tell of."""


def register_test_tables(tables: VirtualTables, find_runs: FindRuns) -> None:
    """Make the objects of this module queryable."""
    for name, (fields, rows) in _OBJECTS.items():
        tables.register(VirtualTable(tooling_type(name, fields), _provider(find_runs, rows)))


def _provider(
    find_runs: FindRuns, rows: Callable[[TestRuns], Iterable[Values]]
) -> Callable[[Organization, Caller], Iterable[Mapping[str, Value]]]:
    def shown(_org: Organization, caller: Caller) -> Iterator[Values]:
        knows_setup = caller.api_version >= _KNOWS_SETUP
        return (row for row in rows(find_runs()) if knows_setup or not row.get("IsTestSetup"))

    return shown


def _run_results(runs: TestRuns) -> Iterator[Values]:
    for kept in runs.runs.values():
        methods = len(kept.run.outcomes)
        setup = round(sum(outcome.seconds for outcome in kept.run.setups) * 1000)
        yield {
            "Id": kept.result_id,
            "AsyncApexJobId": kept.id,
            "UserId": kept.user_id,
            "Status": "Failed" if kept.run.failures else "Completed",
            "StartTime": kept.started,
            "EndTime": kept.ended,
            "TestTime": round(kept.run.seconds * 1000) - setup,
            "TestSetupTime": setup,
            "ClassesEnqueued": len(kept.items),
            "ClassesCompleted": len(kept.items),
            "MethodsEnqueued": methods,
            "MethodsCompleted": methods,
            "MethodsFailed": len(kept.run.failures),
        }


def _queue_items(runs: TestRuns) -> Iterator[Values]:
    for kept in runs.runs.values():
        for item in kept.items:
            yield {
                "Id": item.id,
                "ApexClassId": item.class_id,
                "Status": "Completed",
                "ExtendedStatus": _extended(len(item.results), sum(o.outcome != "Pass" for _, o in item.results)),
                "ParentJobId": kept.id,
                "TestRunResultId": kept.result_id,
            }


def _extended(methods: int, failed: int) -> str:
    """As the page of test results has it: methods that passed of all."""
    return f"({methods - failed}/{methods})"


def _results(runs: TestRuns) -> Iterator[Values]:
    for kept in runs.runs.values():
        for item in kept.items:
            for result_id, outcome in (*item.results, *item.setups):
                yield {
                    "Id": result_id,
                    "QueueItemId": item.id,
                    "ApexClassId": item.class_id,
                    "MethodName": outcome.method_name,
                    "Outcome": outcome.outcome,
                    "Message": outcome.message or None,
                    "StackTrace": outcome.stack_trace or None,
                    "RunTime": round(outcome.seconds * 1000),
                    "TestTimestamp": kept.ended,
                    "AsyncApexJobId": kept.id,
                    "ApexLogId": item.log_id,
                    "ApexTestRunResultId": kept.result_id,
                    "IsTestSetup": outcome.is_setup,
                }


def _limits(runs: TestRuns) -> Iterator[Values]:
    for kept in runs.runs.values():
        for item in kept.items:
            for result_id, outcome in item.results:
                if outcome.used is not None:
                    yield {
                        "Id": "05n" + result_id[3:15] + checksum("05n" + result_id[3:15]),
                        "ApexTestResultId": result_id,
                        "LimitContext": "SYNC",
                        "LimitExceptions": None,
                        **{field: outcome.used[limit] for field, limit in _LIMITS.items()},
                    }


def _coverage(runs: TestRuns) -> Iterable[Values]:
    return map(_covered, runs.coverage)


def _coverage_by_method(runs: TestRuns) -> Iterator[Values]:
    for covered in runs.coverage_by_method:
        yield {
            **_covered(covered),
            "ApexTestClassId": covered.test_class_id,
            "TestMethodName": covered.method_name,
        }


def _covered(covered: Covered) -> Values:
    lines = {"coveredLines": list(covered.lines.covered), "uncoveredLines": list(covered.lines.uncovered)}
    return {
        "Id": covered.id,
        "ApexClassOrTriggerId": covered.class_or_trigger_id,
        "NumLinesCovered": len(covered.lines.covered),
        "NumLinesUncovered": len(covered.lines.uncovered),
        "Coverage": cast("Value", lines),  # the one field of the Tooling API here that holds an object
    }


def _org_wide(runs: TestRuns) -> Iterator[Values]:
    covered = sum(len(row.lines.covered) for row in runs.coverage)
    total = covered + sum(len(row.lines.uncovered) for row in runs.coverage)
    yield {"Id": "716000000000000AAA", "PercentCovered": 100 * covered // total if total else 0}


_OBJECTS: Mapping[str, tuple[str, Callable[[TestRuns], Iterable[Values]]]] = {
    "ApexTestRunResult": (
        "AsyncApexJobId UserId>User Status StartTime:d EndTime:d TestTime:i TestSetupTime:i ClassesEnqueued:i ClassesCompleted:i "
        "MethodsEnqueued:i MethodsCompleted:i MethodsFailed:i",
        _run_results,
    ),
    "ApexTestQueueItem": (
        "ApexClassId>ApexClass Status ExtendedStatus ParentJobId TestRunResultId>ApexTestRunResult",
        _queue_items,
    ),
    "ApexTestResult": (
        "QueueItemId>ApexTestQueueItem ApexClassId>ApexClass MethodName Outcome Message:t StackTrace:t RunTime:i TestTimestamp:d "
        "AsyncApexJobId ApexLogId ApexTestRunResultId>ApexTestRunResult IsTestSetup:b",
        _results,
    ),
    "ApexTestResultLimits": (
        "ApexTestResultId>ApexTestResult/ApexTestResults LimitContext LimitExceptions Callouts:i AsyncCalls:i DmlRows:i Email:i "
        "MobilePush:i QueryRows:i Sosl:i Cpu:i Dml:i Soql:i",
        _limits,
    ),
    "ApexCodeCoverageAggregate": (
        "ApexClassOrTriggerId>ApexClass,ApexTrigger NumLinesCovered:i NumLinesUncovered:i Coverage:c",
        _coverage,
    ),
    "ApexCodeCoverage": (
        "ApexTestClassId>ApexClass ApexClassOrTriggerId>ApexClass,ApexTrigger TestMethodName NumLinesCovered:i NumLinesUncovered:i "
        "Coverage:c",
        _coverage_by_method,
    ),
    "ApexOrgWideCoverage": ("PercentCovered:i", _org_wide),
}
