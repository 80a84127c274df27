"""The Apex SOAP API: POST /services/Soap/s/NN.0[/<org id>]. `sf apex run` sends its text here, not to the Tooling API.

Source: "executeAnonymous()", "ExecuteAnonymousResult" (Apex Developer Guide, SOAP API and SOAP Headers for Apex). A
DebuggingHeader asks for the debug log, which comes back in DebuggingInfo; its categories and levels are not looked at.
"""

from __future__ import annotations

from orgtwin.errors import Unsupported
from orgtwin.http.anonymous_apex import AnonymousResult, require_author, run_anonymous
from orgtwin.http.message import Request, Response
from orgtwin.http.routing import Door, Envelope, Route
from orgtwin.http.soap_envelope import admit_session, answer, read_envelope
from orgtwin.metadata.results import nil, to_nodes
from orgtwin.metadata.xml import Node

_NAMESPACE = "http://soap.sforce.com/2006/08/apex"


def call(request: Request) -> Response:
    """Run the text of executeAnonymous; the other operations are refused by name."""
    header, operation = read_envelope(request.body)
    if operation.tag != "executeAnonymous":
        raise Unsupported("soap.apex-operation", f"the Apex SOAP operation {operation.tag}; use the Tooling API")
    admit_session(request, header)
    require_author(request)
    source = operation.children[0].text if operation.children else ""  # String in the WSDL, apexcode in the sf CLI
    result = run_anonymous(request, source)
    wants_log = header is not None and header.find("DebuggingHeader") is not None
    return answer(
        _NAMESPACE, operation, to_nodes("result", _values(result)), _debugging_info(result) if wants_log else ()
    )


def _debugging_info(result: AnonymousResult) -> tuple[Node, ...]:
    """The header of the answer that holds the debug log."""
    return (Node("DebuggingInfo", children=(Node("debugLog", text=result.log),)),)


def _values(result: AnonymousResult) -> dict[str, object]:
    """In the order of the WSDL; what there is nothing to say about is there, and nil."""
    return {name: nil(name) if value is None else value for name, value in sorted(result.to_json().items())}


ROUTES = tuple(
    Route("POST", f"/services/Soap/s/{{version}}{tail}", call, Door.SELF, Envelope.SOAP) for tail in ("", "/{org_id}")
)
