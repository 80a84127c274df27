"""/tooling: what is neither query (query.py) nor metadata (tooling_metadata.py): runs of Apex tests.

Source: "runTestsAsynchronous", "runTestsSynchronous" under "REST Resources" (Tooling API Developer Guide).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from orgtwin.errors import SalesforceError
from orgtwin.events.system_topics import TEST_RESULT, notice
from orgtwin.http.message import Request, Response, json_response
from orgtwin.http.routing import Route
from orgtwin.http.test_results import run_tests_result
from orgtwin.metadata.service import MetadataService
from orgtwin.metadata.test_suites import classes_of

if TYPE_CHECKING:
    from orgtwin.apex.test_runs import KeptRun, TestRuns
    from orgtwin.http.twin import Twin

_WHOLE_ORG = ("RunLocalTests", "RunAllTestsInOrg")
_LEVELS = (*_WHOLE_ORG, "RunSpecifiedTests", "RunRelevantTests")


def runs_of(twin: Twin) -> TestRuns:
    """The test runs of the twin's org. Apex is imported when the first caller needs it."""
    from orgtwin.apex.test_runs import TestRuns

    return twin.part(TestRuns)


def run_asynchronously(request: Request) -> Response:
    """The id of the job, as a JSON string. Who listens to test results is told of it, too."""
    run = _carry_out(request, request.json_object())
    told = notice(run.id, request.org.clock(), "updated")
    request.twin.cometd.tell(TEST_RESULT, request.caller.user_id, told)
    return json_response(run.id)


def run_synchronously(request: Request) -> Response:
    """RunTestsResult: who passed, who failed. GET names classes in ?classnames=."""
    asked = request.json_object() if request.method == "POST" else dict(request.query)
    return json_response(run_tests_result(_carry_out(request, asked), wants_coverage=_wants_coverage(asked)))


def carry_out(
    request: Request, names: list[str] | None, most_failures: int = -1, *, keeps_coverage: bool = True
) -> KeptRun:
    """Run tests by name, or all; -1 goes on however many fail. Raises INSUFFICIENT_ACCESS (403), INVALID_INPUT."""
    from orgtwin.apex.service import service_of

    if not request.org.access.has_permission(request.caller, "AuthorApex"):
        raise SalesforceError("INSUFFICIENT_ACCESS", "insufficient access rights on entity: ApexClass", status=403)
    runs, service = runs_of(request.twin), service_of(request.twin.org)
    return runs.carry_out(service, request.caller.user_id, names, most_failures, keeps_coverage=keeps_coverage)


def _carry_out(request: Request, asked: Mapping[str, object]) -> KeptRun:
    level = asked.get("testLevel")
    if level not in (None, *_LEVELS):
        raise SalesforceError("INVALID_INPUT", f"{level} is not a test level")  # ASSUMED
    names = None if level in _WHOLE_ORG else list(_names(request, asked))
    if names == []:
        raise SalesforceError("INVALID_INPUT", "No test classes or methods were specified")  # ASSUMED
    return carry_out(request, names, _most_failures(asked.get("maxFailedTests")), keeps_coverage=_wants_coverage(asked))


def _wants_coverage(asked: Mapping[str, object]) -> bool:
    return str(asked.get("skipCodeCoverage", False)).lower() != "true"


def _most_failures(given: object) -> int:
    try:
        return int(str(given if given is not None else -1))
    except ValueError as error:
        raise SalesforceError("INVALID_INPUT", f"maxFailedTests must be a number: {given}") from error  # ASSUMED


def _names(request: Request, asked: Mapping[str, object]) -> Iterator[str]:
    """`Class` and `Class.method`. Clients write classids, classIds, classNames, classnames, suiteNames, tests."""
    given = {name.lower(): value for name, value in asked.items()}
    suites = (_split(given.get("suitenames")), _split(given.get("suiteids")))
    yield from classes_of(request.twin.part(MetadataService), *suites)
    yield from _split(given.get("classnames"))
    for class_id in _split(given.get("classids")):
        yield _class_name(request, class_id)
    tests = given.get("tests", ())
    for test in tests if isinstance(tests, list) else ():
        name = test.get("className") or _class_name(request, str(test.get("classId", "")))
        methods = test.get("testMethods") or ()
        yield from (f"{name}.{method}" for method in methods) if methods else (str(name),)


def _split(text: object) -> list[str]:
    return [part.strip() for part in str(text).split(",") if part.strip()] if text else []


def _class_name(request: Request, class_id: str) -> str:
    table = request.org.table("ApexClass")
    row = table.get(class_id)
    if row is None:
        raise SalesforceError("INVALID_INPUT", f"There is no Apex class with the id {class_id}")  # ASSUMED
    return str(table.reader("Name")(row))


_ROOT = "/services/data/{version}/tooling"
ROUTES = (
    Route("POST", f"{_ROOT}/runTestsAsynchronous", run_asynchronously),
    Route("POST", f"{_ROOT}/runTestsSynchronous", run_synchronously),
    Route("GET", f"{_ROOT}/runTestsSynchronous", run_synchronously),
)
