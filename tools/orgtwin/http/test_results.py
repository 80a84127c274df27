"""RunTestsResult: what Tooling and the Apex SOAP API tell of a run of tests.

Source: "RunTestsResult", "CodeCoverageResult", "CodeCoverageWarning" (Apex Developer Guide, SOAP API and SOAP Headers for Apex).
The DML, SOQL, SOSL and method parts of CodeCoverageResult are of versions before 10 and empty.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orgtwin.apex.test_runs import Covered, KeptRun

_NO_PARTS = ("dmlInfo", "methodInfo", "soqlInfo", "soslInfo")


def run_tests_result(kept: KeptRun, *, wants_coverage: bool) -> dict[str, object]:
    """Who passed, who failed, and what was covered of what can be."""
    successes: list[dict[str, object]] = []
    failures: list[dict[str, object]] = []
    for item in kept.items:
        for _, outcome in item.results:
            row: dict[str, object] = {
                "id": item.class_id,
                "methodName": outcome.method_name,
                "name": item.class_name,
                "namespace": None,
                "seeAllData": False,
                "time": round(outcome.seconds * 1000),
            }
            if outcome.outcome == "Pass":
                successes.append(row)
            else:
                more = {"message": outcome.message, "stackTrace": outcome.stack_trace}
                failures.append({**row, **more, "packageName": item.class_name, "type": "Class"})
    coverage = kept.coverage if wants_coverage else ()
    return {
        "apexLogId": None,
        "codeCoverage": [_covered(row) for row in coverage],
        "codeCoverageWarnings": list(_warnings(coverage)),
        "failures": failures,
        "flowCoverage": [],
        "flowCoverageWarnings": [],
        "numFailures": len(failures),
        "numTestsRun": len(successes) + len(failures),
        "successes": successes,
        "totalTime": round(kept.run.seconds * 1000),
    }


def _covered(row: Covered) -> dict[str, object]:
    uncovered = [{"column": 0, "line": line, "numExecutions": 0, "time": -1.0} for line in row.lines.uncovered]
    return {
        **{name: [] for name in _NO_PARTS},
        "id": row.class_or_trigger_id,
        "locationsNotCovered": uncovered,
        "name": row.lines.name,
        "namespace": None,
        "numLocations": len(row.lines.covered) + len(uncovered),
        "numLocationsNotCovered": len(uncovered),
        "type": "Trigger" if row.class_or_trigger_id.startswith("01q") else "Class",
    }


def _warnings(coverage: tuple[Covered, ...]) -> Iterator[dict[str, object]]:
    """The average, when it is too low, and each trigger that no test reached."""
    from orgtwin.apex.deploys import average_warnings
    from orgtwin.metadata.deploy_model import CoveredCode

    rows = {row.lines.name: row.class_or_trigger_id for row in coverage}
    kinds = {name: "Trigger" if key.startswith("01q") else "Class" for name, key in rows.items()}
    code = [CoveredCode(r.lines.name, kinds[r.lines.name], r.lines.covered, r.lines.uncovered) for r in coverage]
    for message in average_warnings(code):
        name = message.rpartition(": ")[2] if ": " in message else None
        yield {"id": rows.get(name or ""), "message": message, "name": name, "namespace": None}
