"""Anonymous Apex over the Tooling API."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from orgtwin.http.in_process import InProcess

V = "/services/data/v66.0"
GOOD = {
    "line": -1,
    "column": -1,
    "compiled": True,
    "success": True,
    "compileProblem": None,
    "exceptionStackTrace": None,
    "exceptionMessage": None,
}


def run(client: InProcess, source: str) -> dict[str, Any]:
    answer = client.get(f"{V}/tooling/executeAnonymous?anonymousBody={quote(source, safe='')}")
    assert answer.status == 200, answer.text
    result: dict[str, Any] = answer.json()
    return result


RESULTS: dict[str, tuple[str, dict[str, Any]]] = {
    "what CumulusCI's flows run": (
        "for (CronTrigger t : [SELECT Id FROM CronTrigger]) { System.abortJob(t.Id); }",
        {},
    ),
    "a method nobody has": (
        "\n  foo();",
        {
            "line": 2,
            "column": 3,
            "compiled": False,
            "success": False,
            "compileProblem": "Method does not exist or incorrect signature: void foo() from the type AnonymousBlock",
        },
    ),
    "an exception": (
        "Integer a = 0;\nInteger b = 1 / a;",
        {
            "line": 2,
            "column": 1,
            "success": False,
            "exceptionMessage": "System.MathException: Divide by 0",
            "exceptionStackTrace": "AnonymousBlock: line 2, column 1",
        },
    ),
}


@pytest.mark.parametrize(("source", "result"), RESULTS.values(), ids=RESULTS.keys())
def test_what_apex_does_is_its_result(org_twin_client: InProcess, source: str, result: dict[str, Any]) -> None:
    assert run(org_twin_client, source) == {**GOOD, **result}


def test_apex_saves_and_an_exception_takes_it_back(org_twin_client: InProcess) -> None:
    assert run(org_twin_client, "insert new Account(Name = 'kept');")["success"]
    assert not run(org_twin_client, "insert new Account(Name = 'lost'); Integer a = 1 / 0;")["success"]
    found = org_twin_client.get(f"{V}/query?q=SELECT Name FROM Account").json()
    assert [row["Name"] for row in found["records"]] == ["kept"]


def test_text_that_is_no_apex_is_a_compile_problem(org_twin_client: InProcess) -> None:
    result = run(org_twin_client, "Integer a = ;")
    assert (result["compiled"], result["success"], result["line"]) == (False, False, 1)
    assert result["compileProblem"]


def test_apex_is_only_for_those_who_may_write_it(org_twin_client: InProcess) -> None:
    twin = org_twin_client.application.twin
    app = next(app for app in twin.auth.apps if app.run_as_user_id)
    session = twin.sessions.issue(str(app.run_as_user_id), None, ("api",), "Admin")
    answer = org_twin_client.as_caller(session.token).get(f"{V}/tooling/executeAnonymous?anonymousBody=x")
    assert (answer.status, answer.json()[0]["errorCode"]) == (403, "INSUFFICIENT_ACCESS")
