"""The Apex SOAP API: POST /services/Soap/s/NN.0[/<org id>]. `sf apex run` sends its text here, not to the Tooling API.

Source: "executeAnonymous()", "ExecuteAnonymousResult", "runTests()" (Apex Developer Guide, SOAP API and SOAP Headers for Apex). A
DebuggingHeader asks for the debug log, which comes back in DebuggingInfo at the levels asked for, unless a TraceFlag says others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from orgtwin.errors import SalesforceError, Unsupported
from orgtwin.http.anonymous_apex import AnonymousResult, require_author, run_anonymous
from orgtwin.http.message import Request, Response
from orgtwin.http.routing import Door, Envelope, Route
from orgtwin.http.soap_envelope import admit_session, answer, read_envelope
from orgtwin.http.test_results import run_tests_result
from orgtwin.http.tooling import carry_out
from orgtwin.metadata.results import nil, to_nodes
from orgtwin.metadata.service import MetadataService
from orgtwin.metadata.test_suites import classes_of
from orgtwin.metadata.xml import Node

if TYPE_CHECKING:
    from orgtwin.apex.log_levels import Levels

_NAMESPACE = "http://soap.sforce.com/2006/08/apex"


def call(request: Request) -> Response:
    """executeAnonymous and runTests; the other operations are refused by name."""
    header, operation = read_envelope(request.body)
    called = _OPERATIONS.get(operation.tag)
    if called is None:
        raise Unsupported("soap.apex-operation", f"the Apex SOAP operation {operation.tag}; use the Tooling API")
    admit_session(request, header)
    require_author(request)
    return called(request, header, operation)


def _run_tests(request: Request, _header: Node | None, operation: Node) -> Response:
    """RunTestsRequest: allTests, classes, suiteName, suiteId, tests {className, testMethods}, maxFailedTests, skipCodeCoverage."""
    asked = operation.children[0] if operation.children else Node("RunTestsRequest")
    suites = classes_of(request.twin.part(MetadataService), asked.values("suiteName"), asked.values("suiteId"))
    names = [*suites, *asked.values("classes"), *(name for test in asked.all("tests") for name in _test_names(test))]
    most = asked.number("maxFailedTests")
    run = carry_out(request, None if asked.flag("allTests") else names, -1 if most is None else most)
    result = run_tests_result(run, wants_coverage=not asked.flag("skipCodeCoverage"))
    return answer(_NAMESPACE, operation, to_nodes("result", result))


def _test_names(test: Node) -> list[str]:
    """`Class.method` of a TestsNode, or the class alone."""
    name, methods = test.value("className") or "", test.values("testMethods")
    return [f"{name}.{method}" for method in methods] or [name]


def _execute(request: Request, header: Node | None, operation: Node) -> Response:
    source = operation.children[0].text if operation.children else ""  # String in the WSDL, apexcode in the sf CLI
    asked = header.find("DebuggingHeader") if header is not None else None
    result = run_anonymous(request, source, None if asked is None else _levels(asked))
    info = _debugging_info(result) if asked is not None else ()
    return answer(_NAMESPACE, operation, to_nodes("result", _values(result)), info)


def _levels(asked: Node) -> Levels:
    """Those of a DebuggingHeader. ASSUMED: the refusal of a value that is none."""
    from orgtwin.apex.log_levels import of_header

    categories = {node.value("category") or "": node.value("level") or "" for node in asked.all("categories")}
    try:
        return of_header(asked.value("debugLevel"), categories)
    except KeyError as error:
        raise SalesforceError(
            "INVALID_FIELD", f"{error.args[0]} is not a valid value of the DebuggingHeader"
        ) from error


def _debugging_info(result: AnonymousResult) -> tuple[Node, ...]:
    """The header of the answer that holds the debug log."""
    return (Node("DebuggingInfo", children=(Node("debugLog", text=result.log),)),)


def _values(result: AnonymousResult) -> dict[str, object]:
    """In the order of the WSDL; what there is nothing to say about is there, and nil."""
    return {name: nil(name) if value is None else value for name, value in sorted(result.to_json().items())}


_OPERATIONS: Mapping[str, Callable[[Request, Node | None, Node], Response]] = {
    "executeAnonymous": _execute,
    "runTests": _run_tests,
}
ROUTES = tuple(
    Route("POST", f"/services/Soap/s/{{version}}{tail}", call, Door.SELF, Envelope.SOAP) for tail in ("", "/{org_id}")
)
