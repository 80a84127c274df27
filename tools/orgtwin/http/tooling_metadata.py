"""Tooling API writes that tools make to metadata: source tracking counters, activating and deleting a flow.

Source: "SourceMember", "FlowDefinition", "Flow" (Tooling API Developer Guide).
"""

from __future__ import annotations

from collections.abc import Mapping

from orgtwin.errors import SalesforceError
from orgtwin.http.message import Request, Response, json_response, no_content
from orgtwin.http.routing import Route
from orgtwin.metadata import crud
from orgtwin.metadata.service import MetadataService

_ROOT = "/services/data/{version}/tooling/sobjects"


def _not_found() -> SalesforceError:
    return SalesforceError("NOT_FOUND", "The requested resource does not exist", status=404)


def change_source_member(request: Request) -> Response:
    """The CLI sets RevisionCounter back to 0 when it makes a scratch org."""
    counter = request.json_object().get("RevisionCounter")
    if not isinstance(counter, int):
        raise SalesforceError("REQUIRED_FIELD_MISSING", "Required fields are missing: [RevisionCounter]")
    if not request.twin.part(MetadataService).set_revision(request.params["record_id"], counter):
        raise _not_found()
    return no_content()


def describe_source_member(_request: Request) -> Response:
    """Enough to say that this org tracks sources."""
    return json_response(
        {"name": "SourceMember", "label": "Source Member", "queryable": True, "updateable": True, "fields": []}
    )


def change_flow_definition(request: Request) -> Response:
    """`Metadata.activeVersionNumber`: 0 deactivates, the version's number activates."""
    metadata = request.json_object().get("Metadata")
    number = metadata.get("activeVersionNumber") if isinstance(metadata, Mapping) else None
    if not isinstance(number, int):
        raise SalesforceError("REQUIRED_FIELD_MISSING", "Required fields are missing: [activeVersionNumber]")
    if not request.twin.part(MetadataService).activate_flow(request.params["record_id"], active=number > 0):
        raise _not_found()
    return no_content()


def delete_flow_version(request: Request) -> Response:
    """A flow keeps its one version here: with it the flow is gone. An active version stays."""
    service, record_id = request.twin.part(MetadataService), request.params["record_id"]
    flow = next((one for one in service.components.of_type("Flow") if one.id[:15] == record_id[:15]), None)
    if flow is None:
        raise _not_found()
    for row in crud.delete(service, request.caller, "Flow", [flow.full_name]):
        for error in row.get("errors", ()):  # type: ignore[attr-defined]
            raise SalesforceError("DELETE_FAILED", error["message"])  # ASSUMED code; the text is the deploy's
    return no_content()


ROUTES: tuple[Route, ...] = (
    Route("GET", f"{_ROOT}/SourceMember/describe", describe_source_member),
    Route("PATCH", f"{_ROOT}/SourceMember/{{record_id}}", change_source_member),
    Route("PATCH", f"{_ROOT}/FlowDefinition/{{record_id}}", change_flow_definition),
    Route("DELETE", f"{_ROOT}/Flow/{{record_id}}", delete_flow_version),
)
