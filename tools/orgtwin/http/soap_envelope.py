"""SOAP envelopes: the operation and the session that a request carries, and the answer around a result.

Answers carry the API's default namespace without prefix (CumulusCI reads elements by bare name) and the prefix soapenv
on the envelope (the sf CLI looks for it). Source: the Metadata WSDL, the Apex WSDL.
"""

from __future__ import annotations

from collections.abc import Iterable

from orgtwin.errors import SalesforceError
from orgtwin.http.doors import require_session
from orgtwin.http.message import Request, Response
from orgtwin.metadata.xml import XSI_NAMESPACE, MalformedXml, Node, parse_document, render_elements


def read_envelope(body: bytes) -> tuple[Node | None, Node]:
    """Header and operation, which is the body's first element. Raises UNKNOWN_EXCEPTION."""
    try:
        envelope = parse_document(body).root
    except MalformedXml as error:
        raise SalesforceError("UNKNOWN_EXCEPTION", f"Unable to parse the request: {error.message}") from error
    content = envelope.find("Body")
    if envelope.tag != "Envelope" or content is None or not content.children:
        raise SalesforceError("UNKNOWN_EXCEPTION", "Unable to find a SOAP operation in the request")
    return envelope.find("Header"), content.children[0]


def admit_session(request: Request, header: Node | None) -> None:
    """Let the SessionHeader's session in. Raises INVALID_SESSION_ID."""
    session = header.find("SessionHeader") if header is not None else None
    try:
        require_session(request, session.value("sessionId") if session is not None else None)
    except SalesforceError as error:
        if error.code == "INVALID_SESSION_ID":
            text = "Invalid Session ID found in SessionHeader: Illegal Session. Session not found, missing session key"
            raise SalesforceError(error.code, text, status=error.status) from error
        raise


def answer(namespace: str, operation: Node, result: Iterable[Node], header: tuple[Node, ...] = ()) -> Response:
    head = f"<soapenv:Header>{render_elements(header)}</soapenv:Header>" if header else ""
    body = render_elements((Node(f"{operation.tag}Response", children=tuple(result)),))
    text = (
        '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
        f'xmlns="{namespace}" xmlns:xsi="{XSI_NAMESPACE}">{head}<soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>'
    )
    return Response(200, text.encode(), "text/xml;charset=UTF-8")
