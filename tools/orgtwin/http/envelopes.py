"""How each surface says no.

Sources: "Status Codes and Error Responses" (REST API Developer Guide), "OAuth 2.0 errors" (Salesforce Help), "API Fault Element"
(SOAP API Developer Guide), "Errors" (Bulk API Developer Guide).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from xml.sax.saxutils import escape

from orgtwin.errors import SalesforceError
from orgtwin.http.message import Response, json_response
from orgtwin.http.routing import Envelope
from orgtwin.metadata.xml import XSI_NAMESPACE

# The OAuth endpoints have their own short codes; a code that is none of them is the server's own trouble.
_OAUTH_STATUS = 400

_SOAP_FAULT = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" {namespaces}>'
    "<soapenv:Body><soapenv:Fault><faultcode>sf:{code}</faultcode><faultstring>{code}: {message}</faultstring>{detail}"
    "</soapenv:Fault></soapenv:Body></soapenv:Envelope>"
)
_METADATA_NAMESPACES = 'xmlns:sf="http://soap.sforce.com/2006/04/metadata"'
_API_NAMESPACES = f'xmlns:sf="urn:fault.{{}}.soap.sforce.com" xmlns:xsi="{XSI_NAMESPACE}"'
_API_FAULT = (
    '<detail><sf:{kind} xsi:type="sf:{kind}"><sf:exceptionCode>{code}</sf:exceptionCode>'
    "<sf:exceptionMessage>{message}</sf:exceptionMessage></sf:{kind}></detail>"
)
_BULK1_ERROR = (
    '<?xml version="1.0" encoding="UTF-8"?><error xmlns="http://www.force.com/2009/06/asyncapi/dataload">'
    "<exceptionCode>{code}</exceptionCode><exceptionMessage>{message}</exceptionMessage></error>"
)
# The asynchronous API names its exceptions in CamelCase.
_BULK1_CODES = {
    "INVALID_SESSION_ID": "InvalidSessionId",
    "NOT_FOUND": "InvalidUrl",
    "REQUEST_LIMIT_EXCEEDED": "ExceededQuota",
    "TWIN_UNSUPPORTED": "FeatureNotEnabled",
}


def error_row(error: SalesforceError) -> dict[str, object]:
    """The one object inside the REST API's error list; `fields` only where the platform names fields."""
    row: dict[str, object] = {"message": error.message, "errorCode": error.code}
    if error.fields:
        row["fields"] = list(error.fields)
    return row


def _json(error: SalesforceError) -> Response:
    return json_response([error_row(error)], error.status)


def _oauth(error: SalesforceError) -> Response:
    status = error.status if error.status >= 500 else _OAUTH_STATUS
    return json_response({"error": error.code, "error_description": error.message}, status)


def _soap(error: SalesforceError) -> Response:
    return _fault(error, _METADATA_NAMESPACES)


def _soap_api(api: str, error: SalesforceError) -> Response:
    """The partner and enterprise APIs tell the code once more, in an exception that clients read."""
    return _fault(error, _API_NAMESPACES.format(api), _API_FAULT)


def _fault(error: SalesforceError, namespaces: str, detail: str = "") -> Response:
    # ASSUMED: a login() that is switched off is an UnexpectedErrorFault, too.
    kind = "LoginFault" if error.code == "INVALID_LOGIN" else "UnexpectedErrorFault"
    told = {"code": escape(error.code), "message": escape(error.message)}
    body = _SOAP_FAULT.format(namespaces=namespaces, detail=detail.format(kind=kind, **told), **told)
    return Response(500, body.encode(), "text/xml;charset=UTF-8")


def _bulk1_json(error: SalesforceError) -> Response:
    code = _BULK1_CODES.get(error.code, error.code)
    answer = json_response({"exceptionCode": code, "exceptionMessage": error.message}, error.status)
    answer.content_type = "application/json"
    return answer


def _bulk1(error: SalesforceError) -> Response:
    code = _BULK1_CODES.get(error.code, error.code)
    body = _BULK1_ERROR.format(code=escape(code), message=escape(error.message))
    return Response(error.status, body.encode(), "application/xml")


_RENDER: dict[Envelope, Callable[[SalesforceError], Response]] = {
    Envelope.JSON: _json,
    Envelope.OAUTH: _oauth,
    Envelope.SOAP: _soap,
    Envelope.PARTNER: partial(_soap_api, "partner"),
    Envelope.ENTERPRISE: partial(_soap_api, "enterprise"),
    Envelope.BULK1: _bulk1,
}


def render_error(error: SalesforceError, envelope: Envelope, content_type: str = "") -> Response:
    """The refusal in the words of the surface it happened on; `content_type` is that of the request."""
    if envelope is Envelope.BULK1 and content_type.startswith("application/json"):
        return _bulk1_json(error)
    return _RENDER[envelope](error)
