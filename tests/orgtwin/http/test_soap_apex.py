"""Anonymous Apex over SOAP, with the envelope of the sf CLI."""

from __future__ import annotations

import pytest
from tests.orgtwin.http.deploying import deploy_well

from orgtwin.http.in_process import Answer, InProcess
from orgtwin.metadata.xml import Node, parse_document

_NAMESPACE = "http://soap.sforce.com/2006/08/apex"
_ENVELOPE = (
    '<env:Envelope xmlns:env="http://schemas.xmlsoap.org/soap/envelope/" xmlns:cmd="{ns}" xmlns:apex="{ns}"><env:Header>'
    "<cmd:SessionHeader><cmd:sessionId>{token}</cmd:sessionId></cmd:SessionHeader>"
    "<apex:DebuggingHeader>{debugging}</apex:DebuggingHeader></env:Header>"
    '<env:Body><{operation} xmlns="{ns}">{inside}</{operation}></env:Body></env:Envelope>'
)
_DEBUGONLY = "<apex:debugLevel>DEBUGONLY</apex:debugLevel>"
_NO_SESSION = "Invalid Session ID found in SessionHeader: Illegal Session. Session not found, missing session key"


def send(
    client: InProcess, operation: str, inside: str, token: str | None = None, debugging: str = _DEBUGONLY
) -> Answer:
    envelope = _ENVELOPE.format(
        ns=_NAMESPACE, token=token or client.token, operation=operation, inside=inside, debugging=debugging
    )
    path = "/services/Soap/s/66.0/00DTW00000000012AA"
    return client.request("POST", path, body=envelope.encode(), headers={"content-type": "text/xml"})


def fault(answer: Answer) -> str:
    assert answer.status == 500
    return answer.text.partition("<faultstring>")[2].partition("</faultstring>")[0]


# element that holds the text, the text, what is said beside "nothing wrong"
RESULTS: dict[str, tuple[str, str, dict[str, str]]] = {
    "as the sf CLI sends it": ("apexcode", "Integer a = 1 &lt; 2 ? 1 : 0;", {}),
    "as the WSDL has it": ("String", "insert new Account(Name = 'Acme');", {}),
    "not Apex of this org": (
        "apexcode",
        "foo();",
        {
            "column": "1",
            "compileProblem": "Method does not exist or incorrect signature: void foo() from the type AnonymousBlock",
            "compiled": "false",
            "line": "1",
            "success": "false",
        },
    ),
    "an exception": (
        "apexcode",
        "Integer a = 0;\nInteger b = 1 / a;",
        {
            "column": "1",
            "exceptionMessage": "System.MathException: Divide by 0",
            "exceptionStackTrace": "AnonymousBlock: line 2, column 1",
            "line": "2",
            "success": "false",
        },
    ),
}
_GOOD = {
    "column": "-1",
    "compileProblem": None,
    "compiled": "true",
    "exceptionMessage": None,
    "exceptionStackTrace": None,
    "line": "-1",
    "success": "true",
}


@pytest.mark.parametrize(("element", "source", "told"), RESULTS.values(), ids=RESULTS.keys())
def test_apex_runs_and_its_result_has_every_element_of_the_wsdl(
    org_twin_client: InProcess, element: str, source: str, told: dict[str, str]
) -> None:
    answer = send(org_twin_client, "executeAnonymous", f"<{element}>{source}</{element}>")

    body = parse_document(answer.body).root.find("Body") or Node("Body")
    result = body.children[0].children[0]
    said = {child.tag: None if child.is_nil else child.text for child in result.children}
    assert (answer.status, said) == (200, {**_GOOD, **told})


@pytest.mark.parametrize(
    ("debugging", "first", "events"),
    [
        (_DEBUGONLY, "66.0 APEX_CODE,DEBUG;APEX_PROFILING,INFO", ["USER_DEBUG"]),
        (
            "<apex:categories><apex:category>Apex_code</apex:category><apex:level>FINER</apex:level></apex:categories>"
            "<apex:categories><apex:category>Db</apex:category><apex:level>Info</apex:level></apex:categories>",
            "66.0 APEX_CODE,FINER;DB,INFO",
            ["STATEMENT_EXECUTE", "STATEMENT_EXECUTE", "HEAP_ALLOCATE", "USER_DEBUG"],
        ),
    ],
    ids=["as sf sends it", "categories"],
)
def test_a_debugging_header_brings_the_log_at_its_levels(
    org_twin_client: InProcess, debugging: str, first: str, events: list[str]
) -> None:
    answer = send(org_twin_client, "executeAnonymous", "<String>System.debug('x');</String>", debugging=debugging)
    header = parse_document(answer.body).root.find("Header") or Node("Header")
    log = header.children[0].children[0].text.splitlines()
    assert log[:2] == [first, "Execute Anonymous: System.debug('x');"]
    told = [line.split("|")[1] for line in log if "|" in line]
    assert [name for name in told if name in {"STATEMENT_EXECUTE", "HEAP_ALLOCATE", "USER_DEBUG"}] == events


def test_a_category_that_is_none_is_refused(org_twin_client: InProcess) -> None:
    wrong = "<apex:categories><apex:category>Coffee</apex:category><apex:level>FINE</apex:level></apex:categories>"
    answer = send(org_twin_client, "executeAnonymous", "<String>foo();</String>", debugging=wrong)
    assert fault(answer) == "INVALID_FIELD: Coffee is not a valid value of the DebuggingHeader"


def test_a_session_nobody_knows_is_a_fault(org_twin_client: InProcess) -> None:
    answer = send(org_twin_client, "executeAnonymous", "<String>foo();</String>", token="00D!gone")
    assert fault(answer) == f"INVALID_SESSION_ID: {_NO_SESSION}"


def test_apex_over_soap_is_only_for_those_who_may_write_it(org_twin_client: InProcess) -> None:
    twin = org_twin_client.application.twin
    app = next(app for app in twin.auth.apps if app.run_as_user_id)
    session = twin.sessions.issue(str(app.run_as_user_id), None, ("api",), "Admin")

    answer = send(org_twin_client, "executeAnonymous", "<String>foo();</String>", token=session.token)

    assert fault(answer) == "INSUFFICIENT_ACCESS: insufficient access rights on entity: ApexClass"


def test_other_operations_are_refused_by_name(org_twin_client: InProcess) -> None:
    answer = send(org_twin_client, "compileAndTest", "<request/>")
    assert fault(answer) == (
        "TWIN_UNSUPPORTED: orgtwin does not emulate the Apex SOAP operation compileAndTest; use the Tooling API "
        "(ledger: soap.apex-operation)"
    )


CODE = {
    "classes/Adder.cls": "public class Adder {\n  public static Integer two() {\n    return 2;\n  }\n}",
    "classes/AdderTest.cls": "@IsTest class AdderTest {\n  @IsTest static void right() { Assert.areEqual(2, Adder.two()); }\n"
    "  @IsTest static void wrong() { Assert.areEqual(3, Adder.two()); }\n}",
}
META = "<ApexClass><apiVersion>66.0</apiVersion><status>Active</status></ApexClass>"


def test_tests_run_over_soap_by_class_by_method_and_all(org_twin_client: InProcess) -> None:
    files = {**CODE, **{f"{path}-meta.xml": META for path in CODE}}
    deploy_well(org_twin_client, files, {"ApexClass": ["Adder", "AdderTest"]})
    inside = "<RunTestsRequest>{}</RunTestsRequest>"
    method = "<tests><className>AdderTest</className><testMethods>right</testMethods></tests>"
    all_tests = "<allTests>true</allTests><skipCodeCoverage>true</skipCodeCoverage>"
    told = []
    for asked in ("<classes>AdderTest</classes>", method, all_tests):
        answer = send(org_twin_client, "runTests", inside.format(asked))
        body = parse_document(answer.body).root.find("Body") or Node("Body")
        result = body.children[0].children[0]
        failed = [row.value("message") for row in result.all("failures")]
        covered = [(row.value("name"), row.number("numLocationsNotCovered")) for row in result.all("codeCoverage")]
        told.append((result.number("numTestsRun"), failed, covered))
    wrong = ["System.AssertException: Assertion Failed: Expected: 3, Actual: 2"]
    assert told == [(2, wrong, [("Adder", 0)]), (1, [], [("Adder", 0)]), (2, wrong, [])]
