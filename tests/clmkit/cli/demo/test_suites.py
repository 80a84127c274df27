"""Results of Robot Framework and pytest are read as they are."""

from __future__ import annotations

import json
from pathlib import Path

from robot.run import run_cli

from clmkit.cli.demo.suites import read_apex, read_junit, read_robot
from clmkit.release.evidence import Case

SUITE = """\
*** Test Cases ***
Passes
    No Operation
Fails
    Fail    1 is not 2
Is Left Out
    Skip    no Salesforce
"""


def test_robot_results_keep_failures_and_count_what_did_not_run(tmp_path: Path) -> None:
    (tmp_path / "a.robot").write_text(SUITE)
    run_cli(
        ["-d", str(tmp_path), "-l", "NONE", "-r", "NONE", "--console", "none", str(tmp_path / "a.robot")], exit=False
    )
    suite = read_robot(tmp_path / "output.xml")
    assert [(case.name, case.passed, case.message) for case in suite.cases] == [
        ("Passes", True, ""),
        ("Fails", False, "1 is not 2"),
    ]
    assert suite.not_run == 1


def test_junit_results_keep_failures_and_errors_and_count_what_did_not_run(tmp_path: Path) -> None:
    report = tmp_path / "pytest.xml"
    report.write_text(
        '<testsuites><testsuite><testcase name="test_a_b" time="0.5"/>'
        '<testcase name="test_c" time="1"><failure message="1 != 2"/></testcase>'
        '<testcase name="test_d" time="0"><error message="no org"/></testcase>'
        '<testcase name="test_e" time="0"><skipped/></testcase></testsuite></testsuites>'
    )
    suite = read_junit(report)
    assert suite.cases == (Case("a b", True, 0.5), Case("c", False, 1.0, "1 != 2"), Case("d", False, 0.0, "no org"))
    assert (suite.passed, suite.failed, suite.not_run) == (1, 2, 1)


def test_apex_results_keep_failures_and_count_what_did_not_run(tmp_path: Path) -> None:
    report = tmp_path / "apex.json"
    rows = [
        ("a", "Pass", None, 6),
        ("b", "Fail", "Expected: 1", 2),
        ("c", "CompileFail", "Invalid type", None),
        ("d", "Skip", None, 0),
    ]
    report.write_text(
        json.dumps(
            [
                {
                    "ClassName": "T",
                    "Method": name,
                    "Outcome": outcome,
                    "Message": message,
                    "Stats": {"duration": time, "TESTING_LIMITS: Number of SOQL queries": {"used": 1, "allowed": 100}},
                    "Children": None,
                }
                for name, outcome, message, time in rows
            ]
        )
    )
    suite = read_apex(report)
    assert suite.cases == (
        Case("T.a", True, 0.006),
        Case("T.b", False, 0.002, "Expected: 1"),
        Case("T.c", False, 0.0, "Invalid type"),
    )
    assert suite.not_run == 1
