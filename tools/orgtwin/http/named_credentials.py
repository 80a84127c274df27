"""/named-credentials/credential: what the principal of an external credential knows. Secrets go in and never come out.

Source: "Credential", "Credential Input" (Connect REST API Developer Guide).
"""

from __future__ import annotations

from collections.abc import Mapping

from orgtwin.errors import SalesforceError
from orgtwin.http.message import Request, Response, json_response, no_content
from orgtwin.http.routing import Route
from orgtwin.metadata.credential_values import VALUES, values_of, with_values
from orgtwin.metadata.service import MetadataService

_PATH = "/services/data/{version}/named-credentials/credential"


def show_credential(request: Request) -> Response:
    """Which values the principal has."""
    return json_response(_shown(request, request.query))


def keep_credential(request: Request) -> Response:
    """{"externalCredential": ..., "principalName": ..., "credentials": {"Token": {"value": ..., "encrypted": true}}}"""
    body = request.json_object()
    external, principal = _principal(request, body)
    given = body.get("credentials")
    values = {
        str(name): str(one.get("value", ""))
        for name, one in (given.items() if isinstance(given, dict) else ())
        if isinstance(one, dict)
    }
    if not values:
        raise SalesforceError("INVALID_INPUT", "credentials must name at least one value")  # ASSUMED text
    with request.org.transaction():
        request.org.settings[VALUES] = with_values(request.org, external, principal, values)
    return json_response(_shown(request, body), 201 if request.method == "POST" else 200)


def forget_credential(request: Request) -> Response:
    """Take all values from the principal."""
    external, principal = _principal(request, request.query)
    with request.org.transaction():
        request.org.settings[VALUES] = with_values(request.org, external, principal, {})
    return no_content()


def _principal(request: Request, asked: Mapping[str, object]) -> tuple[str, str]:
    """External credential and principal. Raises INSUFFICIENT_ACCESS (403), NOT_FOUND (404)."""
    if not request.org.access.has_permission(request.caller, "CustomizeApplication"):
        raise SalesforceError(
            "INSUFFICIENT_ACCESS", "insufficient access rights on entity: ExternalCredential", status=403
        )
    external, principal = str(asked.get("externalCredential", "")), str(asked.get("principalName", ""))
    component = request.twin.part(MetadataService).components.find("ExternalCredential", external)
    parameters = component.body.all("externalCredentialParameters") if component is not None else ()
    known = {p.value("parameterName") for p in parameters if p.value("parameterType") == "NamedPrincipal"}
    if component is None:
        raise SalesforceError("NOT_FOUND", f"There is no external credential {external}", status=404)
    if principal not in known:
        raise SalesforceError(
            "NOT_FOUND", f"The external credential {external} has no principal {principal}", status=404
        )
    return component.full_name, principal


def _shown(request: Request, asked: Mapping[str, object]) -> dict[str, object]:
    external, principal = _principal(request, asked)
    component = request.twin.part(MetadataService).components.find("ExternalCredential", external)
    values = values_of(request.org, f"{external}-{principal}")
    return {
        "authenticationProtocol": component.body.value("authenticationProtocol") if component is not None else None,
        "authenticationStatus": "Configured" if values else "Unknown",
        "credentials": {name: {"encrypted": True, "revision": 1} for name in values},
        "externalCredential": external,
        "principalName": principal,
        "principalType": "NamedPrincipal",
    }


ROUTES = (
    Route("GET", _PATH, show_credential),
    Route("POST", _PATH, keep_credential),
    Route("PUT", _PATH, keep_credential),
    Route("DELETE", _PATH, forget_credential),
)
