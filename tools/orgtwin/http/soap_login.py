"""/services/Soap/u and /c: the partner and enterprise APIs. login() is refused as new orgs refuse it; the rest by name.

Source: "login()" (SOAP API Developer Guide): off by default in new orgs, not available from version 65.0.
"""

from __future__ import annotations

from lxml import etree

from orgtwin.errors import SalesforceError, Unsupported
from orgtwin.http.bulk1_xml import local_name, parse_xml
from orgtwin.http.message import Request, Response
from orgtwin.http.routing import Door, Envelope, Route

_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_LOGIN_IS_OFF = (
    "SOAP API login() is disabled by default in this org. Contact the org administrator to enable SOAP API login()."
)


def call(request: Request) -> Response:
    """No operation of these APIs is served."""
    operation = _operation(parse_xml(request.body))
    if operation == "login":
        raise SalesforceError("INVALID_OPERATION", _LOGIN_IS_OFF)
    raise Unsupported("soap.partner", f"the SOAP operation {operation}; use REST")


def _operation(root: etree._Element) -> str:
    """The name of the first element in the body."""
    body = root.find(f"{{{_SOAP}}}Body")
    if body is None or len(body) == 0:
        raise SalesforceError("UNKNOWN_EXCEPTION", "the SOAP envelope has no body")
    return local_name(body[0])


ROUTES = tuple(
    Route("POST", f"/services/Soap/{api}/{{version}}{tail}", call, Door.SELF, Envelope.SOAP)
    for api in ("u", "c")
    for tail in ("", "/{org_id}")
)
