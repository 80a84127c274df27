"""Run the lifecycle suites against the running twins and read their results."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec
from lxml import etree
from robot.api import ExecutionResult

from clmkit.cli.demo.cumulusci import run_cci
from clmkit.cli.demo.failure import StepFailed, last_lines
from clmkit.cli.demo.run import Run
from clmkit.release.evidence import Case, Suite

NO_TESTS_FAILED, SOME_TESTS_FAILED = 0, 1


def run_robot(run: Run) -> Suite:
    """The suites in robot/ through `cci task run robot`; a failed case is a result, not an error."""
    folder = run.workspace.evidence / "robot"
    arguments = [
        "task",
        "run",
        "robot",
        "--org",
        "twin",
        "--suites",
        "robot/suites",
        "-o",
        "options",
        f"outputdir:{folder}",
    ]
    output = folder / "output.xml"
    output.unlink(missing_ok=True)
    try:
        run_cci(run.processes, run.workspace, run.environment(), arguments, "robot")
    except StepFailed:
        if not output.exists():
            raise
    return read_robot(output)


def read_robot(output: Path) -> Suite:
    """Robot Framework's output.xml as a suite."""
    cases: list[Case] = []
    not_run = 0
    for test in ExecutionResult(str(output)).suite.all_tests:
        if test.status == "SKIP":
            not_run += 1
        else:
            message = "" if test.passed else str(test.message)
            cases.append(Case(str(test.name), bool(test.passed), test.elapsed_time.total_seconds(), message))
    return Suite("Lifecycle", "Robot Framework through CumulusCI", tuple(cases), not_run)


def run_apex(run: Run) -> Suite:
    """The generated Apex tests, run by `cci task run run_tests`: a failed test is a result, not an error."""
    report = run.workspace.evidence / "apex.json"
    report.unlink(missing_ok=True)
    junit = run.workspace.evidence / "apex.xml"
    arguments = [
        "task", "run", "run_tests", "--org", "twin", "--json_output", str(report), "--junit_output", str(junit),
    ]  # fmt: skip
    try:
        run_cci(run.processes, run.workspace, run.environment(), arguments, "apex")
    except StepFailed:
        if not report.exists():
            raise
    return read_apex(report)


class _Stats(msgspec.Struct):
    """Milliseconds; beside them stand the limits that the method used, where the org tells them."""

    duration: int | None = None


class _ApexResult(msgspec.Struct):
    ClassName: str
    Method: str
    Outcome: str
    Message: str | None
    Stats: _Stats


def read_apex(report: Path) -> Suite:
    """CumulusCI's JSON of a test run as a suite; skipped methods are counted as not run. Durations there are milliseconds."""
    results = msgspec.json.decode(report.read_bytes(), type=list[_ApexResult])
    cases = tuple(
        Case(
            f"{result.ClassName}.{result.Method}",
            result.Outcome == "Pass",
            (result.Stats.duration or 0) / 1000,
            result.Message or "",
        )
        for result in results
        if result.Outcome != "Skip"
    )
    return Suite("Apex", "Apex through CumulusCI", cases, sum(result.Outcome == "Skip" for result in results))


def run_pytest(run: Run) -> Suite:
    """The pytest lifecycle suite."""
    report = run.workspace.evidence / "pytest.xml"
    report.unlink(missing_ok=True)
    log = run.workspace.logs / "pytest.log"
    command = [
        sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", "tests/e2e/lifecycle",
    ]  # fmt: skip
    code = run.processes.run(command, cwd=run.workspace.project, env=run.environment(), log=log)
    if code not in (NO_TESTS_FAILED, SOME_TESTS_FAILED) or not report.exists():
        raise StepFailed(f"pytest ended with code {code}", last_lines(log), log, exit_code=1)
    return read_junit(report)


def read_junit(report: Path) -> Suite:
    """pytest's JUnit file as a suite; skipped cases are counted as not run."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    cases: list[Case] = []
    not_run = 0
    for element in etree.parse(str(report), parser).iter("testcase"):
        if element.find("skipped") is not None:
            not_run += 1
            continue
        trouble = element.find("failure")
        trouble = trouble if trouble is not None else element.find("error")
        message = "" if trouble is None else (trouble.get("message") or "failed")
        name = (element.get("name") or "").removeprefix("test_").replace("_", " ")
        cases.append(Case(name, trouble is None, float(element.get("time") or 0), message))
    return Suite("Round trips, refusals, repetitions", "pytest", tuple(cases), not_run)
