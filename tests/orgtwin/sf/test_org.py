"""What the CLI asks an org about itself and its users: schema, limits, raw requests, permissions, Apex."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from queue import Empty, Queue
from time import monotonic
from urllib.parse import quote

import pytest
from tests.orgtwin.sf.conftest import Sf

pytestmark = [pytest.mark.e2e, pytest.mark.node]


def test_objects_are_listed_and_described(sf: Sf) -> None:
    listed = sf.run("sobject list --sobject standard")
    described = sf.run("sobject describe --sobject Contract")

    assert {"Account", "Contract", "PermissionSetAssignment"} <= set(listed)
    status = next(field for field in described["fields"] if field["name"] == "Status")
    assert (described["keyPrefix"], [value["value"] for value in status["picklistValues"]]) == (
        "800",
        ["Draft", "In Approval Process", "Activated"],
    )


def test_limits_are_listed_and_a_raw_request_is_answered(sf: Sf) -> None:
    limits = {row["name"]: row["max"] for row in sf.run("org list limits")}
    answer = sf.run("api request rest services/data/v66.0/limits/recordCount?sObjects=Organization")

    assert (limits["DailyApiRequests"], limits["DataStorageMB"]) == (15000, 5)
    assert (answer["statusCode"], answer["body"]) == (200, {"sObjects": [{"count": 1, "name": "Organization"}]})


def test_permissions_and_licences_are_assigned(sf: Sf) -> None:
    sf.ask("POST", "sobjects/PermissionSet", {"Name": "Signers", "Label": "Signers"})

    given = sf.run(f"org assign permset --name Signers --on-behalf-of {sf.ready.integration_username}")
    licensed = sf.run("org assign permsetlicense --name SalesforceAPIIntegrationPsl")
    unknown = sf.refused("org assign permset --name Nobody")

    assert given == {"successes": [{"name": sf.ready.integration_username, "value": "Signers"}], "failures": []}
    assert [row["value"] for row in licensed["successes"]] == ["SalesforceAPIIntegrationPsl"]
    assert [row["message"] for row in unknown["result"]["failures"]] == [
        'Permission set "Nobody" not found in target org. Do you need to push source?'
    ]


def test_apex_runs_from_a_file_and_its_mistakes_are_shown(sf: Sf) -> None:
    sf.write("good.apex", "insert new Account(Name = 'Apex & Co');")
    sf.write("bad.apex", "Integer a = 0;\nInteger b = 1 / a;")

    ran = sf.run("apex run --file good.apex")
    failed = sf.refused("apex run --file bad.apex")

    assert (ran["compiled"], ran["success"]) == (True, True)
    assert ran["logs"].splitlines()[0].endswith(" APEX_CODE,DEBUG;APEX_PROFILING,INFO")
    assert ran["logs"].splitlines()[1] == "Execute Anonymous: insert new Account(Name = 'Apex & Co');"
    assert f"|USER_INFO|[EXTERNAL]|{sf.ready.user_id[:15]}|" in ran["logs"]
    assert (failed["data"]["exceptionMessage"], failed["data"]["line"]) == ("System.MathException: Divide by 0", "2")
    assert sf.rows("SELECT Name FROM Account") == [{"Name": "Apex & Co"}]


def test_the_log_of_each_apex_run_is_shown_while_the_cli_tails(sf: Sf) -> None:
    source = quote("System.debug('heard ' + 1);")

    with sf.listening("apex tail log") as lines:
        shown = said_while(lines, lambda: sf.ask("GET", f"tooling/executeAnonymous?anonymousBody={source}"))

    assert shown.rstrip().split("|")[1:] == ["USER_DEBUG", "[1]", "DEBUG", "heard 1"]
    (newest,) = sf.run("apex get log --number 1")
    listed = {(row["Operation"], row["Location"], row["Status"]) for row in sf.run("apex list log")}
    assert "APEX_CODE,FINEST;" in newest["log"]
    assert "VISUALFORCE,FINER;" in newest["log"]
    assert "|STATEMENT_EXECUTE|[1]" in newest["log"]
    assert {(location, status) for _, location, status in listed} == {("SystemLog", "Success")}


def said_while(lines: Queue[str], act: Callable[[], object]) -> str:
    """The first line of a log. The CLI does not say when it listens, so what it shall hear of is done until it has."""
    said: list[str] = []
    deadline = monotonic() + 120
    while monotonic() < deadline:
        act()
        with suppress(Empty):
            while "USER_DEBUG" not in (line := lines.get(timeout=0.5)):
                said.append(line)
            return line
    pytest.fail("".join(said))


def test_apex_tests_run_and_tell_who_passed_and_which_lines_they_ran(deployed: Sf) -> None:
    shown = "--code-coverage --result-format json"
    waited = deployed.run(f"apex run test --class-names AdderTest --wait 2 {shown}")
    at_once = deployed.run(f"apex run test --synchronous --tests AdderTest.oneAndOneAreTwo {shown}")

    for result in (waited, at_once):
        summary, coverage = result["summary"], result["coverage"]
        assert (summary["outcome"], summary["testsRan"]) == ("Passed", 1)
        assert [(row["FullName"], row["Outcome"]) for row in result["tests"]] == [("AdderTest.oneAndOneAreTwo", "Pass")]
        assert (summary["testRunCoverage"], summary["orgWideCoverage"]) == ("100%", "100%")
        assert [(row["name"], row["lines"]) for row in coverage["coverage"]] == [("Adder", {"2": 1, "3": 1})]
        assert [(row["TestMethodName"], row["Coverage"]) for row in coverage["records"]] == [
            ("oneAndOneAreTwo", {"coveredLines": [2, 3], "uncoveredLines": []})
        ]


def test_what_an_org_alone_can_do_is_refused_by_name(sf: Sf) -> None:
    sandbox = sf.refused(
        "org create sandbox --name copy --license-type Developer --no-prompt --target-org twin --wait 1"
    )

    assert (sandbox["name"], sandbox["message"]) == (
        "TWIN_UNSUPPORTED",
        "orgtwin does not emulate this call on the Tooling object SandboxInfo (ledger: tooling.sobjects)",
    )
