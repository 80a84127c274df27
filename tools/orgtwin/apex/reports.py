"""A test run as text, JSON, JUnit and Cobertura XML."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from lxml import etree

from orgtwin.apex.coverage import ClassCoverage
from orgtwin.apex.mutation import MutationRun
from orgtwin.apex.project_files import find_sources, kind_of
from orgtwin.apex.project_runs import ProjectReport
from orgtwin.apex.testing import TestOutcome, TestRun


def failure_lines(outcome: TestOutcome) -> Iterator[str]:
    """A failed method as `sf apex run test` shows it."""
    yield f"{outcome.class_name}.{outcome.method_name}  {outcome.outcome}  {outcome.message}"
    for line in outcome.stack_trace.splitlines():
        yield f"    {line}"


def summary_lines(run: TestRun) -> Iterator[str]:
    """Outcome, counts, time."""
    summary = _summary(run)
    yield f"Outcome     {summary['outcome']}"
    yield f"Tests Ran   {summary['testsRan']}"
    yield f"Pass Rate   {summary['passRate']}"
    yield f"Fail Rate   {summary['failRate']}"
    yield f"Time        {summary['testTotalTime']}"


def _summary(run: TestRun) -> dict[str, object]:
    total, failed = len(run.outcomes), len(run.failures)
    rate = round(100 * (total - failed) / total) if total else 0
    return {
        "outcome": "Failed" if failed else "Passed",
        "testsRan": total,
        "passing": total - failed,
        "failing": failed,
        "passRate": f"{rate}%",
        "failRate": f"{100 - rate if total else 0}%",
        "testTotalTime": f"{run.seconds * 1000:.0f} ms",
    }


def json_report(report: ProjectReport) -> dict[str, object]:
    """The `result` of `sf apex run test --json` without what only an org has, its ids; `problems` is the twin's own."""
    return {
        "summary": _summary(report.run),
        "tests": [
            {
                "FullName": f"{outcome.class_name}.{outcome.method_name}",
                "ApexClass": {"Name": outcome.class_name},
                "MethodName": outcome.method_name,
                "Outcome": outcome.outcome,
                "Message": outcome.message or None,
                "StackTrace": outcome.stack_trace or None,
                "RunTime": round(outcome.seconds * 1000),
            }
            for outcome in report.run.outcomes
        ],
        "coverage": {"coverage": [_json_coverage(row) for row in report.coverage]},
        "problems": list(report.problems),
    }


def _json_coverage(row: ClassCoverage) -> dict[str, object]:
    lines = dict.fromkeys(row.covered, 1) | dict.fromkeys(row.uncovered, 0)
    return {
        "name": row.name,
        "totalLines": len(lines),
        "lines": {str(line): lines[line] for line in sorted(lines)},
        "totalCovered": len(row.covered),
        "coveredPercent": round(row.percentage),
    }


def coverage_lines(rows: Sequence[ClassCoverage]) -> Iterator[str]:
    """Percentage and uncovered lines per class."""
    for row in rows:
        uncovered = ",".join(map(str, row.uncovered[:20])) + ("..." if len(row.uncovered) > 20 else "")
        yield f"{row.name:<50} {row.percentage:5.0f}%  {uncovered}"


def mutation_lines(run: MutationRun) -> Iterator[str]:
    """The mutants that no test noticed, and the counts by kind."""
    for verdict in run.survivors:
        mutant = verdict.mutant
        yield f"{verdict.outcome}: {mutant.name}:{mutant.line}: {mutant.kind}: {mutant.change}"
    for kind, killed, every in run.by_kind():
        yield f"{kind:<12} {killed:>4} of {every:>4} killed"
    judged = len(run.judged)
    yield f"{'all':<12} {judged - len(run.survivors):>4} of {judged:>4} killed, {run.rate:.1f}%"


def mutation_facts(run: MutationRun) -> dict[str, object]:
    """`judged`, `killed` and `rate` (percent), the counts by kind, and each survivor with its place and change."""
    survivors = [
        {
            "outcome": verdict.outcome,
            "name": verdict.mutant.name,
            "line": verdict.mutant.line,
            "kind": verdict.mutant.kind,
            "change": verdict.mutant.change,
        }
        for verdict in run.survivors
    ]
    kinds = {kind: {"killed": killed, "judged": every} for kind, killed, every in run.by_kind()}
    judged = len(run.judged)
    return {
        "judged": judged,
        "killed": judged - len(survivors),
        "rate": run.rate,
        "kinds": kinds,
        "survivors": survivors,
    }


@dataclass(frozen=True, slots=True)
class Place:
    """Where and when a report was made: when its run began, whose files it is about."""

    started: datetime
    folder: Path

    def files(self) -> dict[str, str]:
        """The file of each class and trigger below the folder, by name in small letters."""
        sources = (path for path in find_sources(self.folder) if kind_of(path) in ("cls", "trigger"))
        return {path.stem.lower(): path.relative_to(self.folder).as_posix() for path in sources}


def junit(run: TestRun, place: Place) -> bytes:
    """The run in JUnit's XML, as Ant's schema and that of Jenkins have it."""
    suite = etree.Element(
        "testsuite",
        name="orgtwin.apex",
        timestamp=place.started.strftime("%Y-%m-%dT%H:%M:%S"),
        hostname="localhost",
        tests=str(len(run.outcomes)),
        failures=str(len(run.failures)),
        errors="0",
        time=f"{run.seconds:.3f}",
    )
    etree.SubElement(suite, "properties")
    for outcome in run.outcomes:
        case = etree.SubElement(
            suite, "testcase", classname=outcome.class_name, name=outcome.method_name, time=f"{outcome.seconds:.3f}"
        )
        if outcome.outcome != "Pass":
            failure = etree.SubElement(case, "failure", message=_printable(outcome.message), type=outcome.outcome)
            failure.text = _printable(outcome.stack_trace)
    etree.SubElement(suite, "system-out")
    etree.SubElement(suite, "system-err")
    return etree.tostring(suite, xml_declaration=True, encoding="UTF-8", pretty_print=True)


_NO_BRANCHES = {"branch-rate": "0", "complexity": "0"}


def cobertura(rows: Sequence[ClassCoverage], place: Place) -> bytes:
    """Coverage per line in Cobertura's XML, as its coverage-04.dtd has it; Apex has no branches in it."""
    valid = sum(len(row.covered) + len(row.uncovered) for row in rows)
    covered = sum(len(row.covered) for row in rows)
    rate = f"{covered / valid if valid else 1:.4f}"
    root = etree.Element(
        "coverage",
        {
            "line-rate": rate,
            "lines-valid": str(valid),
            "lines-covered": str(covered),
            "branches-valid": "0",
            "branches-covered": "0",
            **_NO_BRANCHES,
            "version": "orgtwin",
            "timestamp": str(int(place.started.timestamp() * 1000)),
        },
    )
    etree.SubElement(etree.SubElement(root, "sources"), "source").text = str(place.folder.resolve())
    package = etree.SubElement(
        etree.SubElement(root, "packages"), "package", {"name": "apex", "line-rate": rate, **_NO_BRANCHES}
    )
    classes = etree.SubElement(package, "classes")
    files = place.files()
    for row in rows:
        classes.append(_cobertura_class(row, files.get(row.name.lower(), row.name)))
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _cobertura_class(row: ClassCoverage, file: str) -> etree._Element:
    named = {"name": row.name, "filename": file, "line-rate": f"{row.percentage / 100:.4f}", **_NO_BRANCHES}
    cls = etree.Element("class", named)
    etree.SubElement(cls, "methods")
    lines = etree.SubElement(cls, "lines")
    for number in sorted((*row.covered, *row.uncovered)):
        hits = "1" if number in row.covered else "0"
        etree.SubElement(lines, "line", {"number": str(number), "hits": hits, "branch": "false"})
    return cls


def _printable(text: str) -> str:
    return "".join(c if c in "\n\t" or ord(c) >= 32 else "?" for c in text)
