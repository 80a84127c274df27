"""/tooling/executeAnonymous: Apex text, compiled with the org's classes and run as the caller, in one transaction.

Source: "executeAnonymous" under "REST Resources" (Tooling API Developer Guide), ExecuteAnonymousResult (SOAP: Apex API).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from orgtwin.errors import SalesforceError
from orgtwin.http.message import Request, Response, json_response
from orgtwin.http.routing import Route

if TYPE_CHECKING:
    from orgtwin.apex.log_levels import Levels


@dataclass(frozen=True, slots=True)
class AnonymousResult:
    """What became of it. Line and column count from 1; -1 where there is nothing to point at."""

    compiled: bool = True
    success: bool = True
    line: int = -1
    column: int = -1
    compile_problem: str | None = None
    exception_message: str | None = None
    exception_stack_trace: str | None = None
    log: str = ""

    def to_json(self) -> dict[str, object]:
        return {
            "line": self.line,
            "column": self.column,
            "compiled": self.compiled,
            "success": self.success,
            "compileProblem": self.compile_problem,
            "exceptionStackTrace": self.exception_stack_trace,
            "exceptionMessage": self.exception_message,
        }


def run_anonymous(request: Request, source: str, log_levels: Levels | None = None) -> AnonymousResult:
    """Run Apex text. What goes wrong in it is the result; an exception takes its writes back.

    `log_levels`: those of a DebuggingHeader.
    """
    from orgtwin.apex.faults import stack_trace
    from orgtwin.apex.kept_logs import NOTHING_ASKED, AskedLog
    from orgtwin.apex.service import service_of
    from orgtwin.apex.syntax import SyntaxProblem

    service = service_of(request.twin.org)
    operation = _SOAP_OPERATION if "/Soap/" in request.path else f"{request.path.rstrip('/')}/"
    levels = NOTHING_ASKED.levels if log_levels is None else log_levels
    try:
        asked = AskedLog(levels, operation, request.params["version"].removeprefix("v"))
        run = service.run_anonymous(source, request.caller.user_id, asked)
    except SyntaxProblem as problem:
        return AnonymousResult(False, False, problem.line, problem.column, problem.message)
    if run.problems:
        first = run.problems[0]
        return AnonymousResult(False, False, first.line, first.column, first.message, log=run.log)
    if run.thrown is not None:
        trace = stack_trace(run.thrown.value)
        line = int(trace.partition("line ")[2].partition(",")[0] or -1)
        return AnonymousResult(
            True, False, line, 1, exception_message=str(run.thrown), exception_stack_trace=trace, log=run.log
        )
    return AnonymousResult(log=run.log)


_SOAP_OPERATION = "APEXSOAP"
"""ASSUMED: ApexLog (Tooling API Developer Guide) names it among the operations, without more."""


def require_author(request: Request) -> None:
    """Anonymous Apex is for those who may write Apex. Raises INSUFFICIENT_ACCESS (403)."""
    if not request.org.access.has_permission(request.caller, "AuthorApex"):
        raise SalesforceError("INSUFFICIENT_ACCESS", "insufficient access rights on entity: ApexClass", status=403)


def execute_anonymous(request: Request) -> Response:
    """GET with ?anonymousBody=, POST with {"anonymousBody": ...}."""
    source = request.query.get("anonymousBody")
    if source is None and request.method == "POST":
        source = str(request.json_object().get("anonymousBody", ""))
    if not source:
        raise SalesforceError("INVALID_INPUT", "The anonymousBody parameter is required")
    require_author(request)
    return json_response(run_anonymous(request, source).to_json())


_PATH = "/services/data/{version}/tooling/executeAnonymous"
ROUTES = (
    Route("GET", _PATH, execute_anonymous),
    Route("POST", _PATH, execute_anonymous),
)
