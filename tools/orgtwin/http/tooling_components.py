"""Components as Tooling API records: created, changed and deleted by their FullName and Metadata.

Source: "CustomField", "ValidationRule", "PlatformEventChannel", "PlatformEventChannelMember", "ManagedEventSubscription" (Tooling
API Developer Guide). Each is a deploy of its own, as by createMetadata. ASSUMED: the errorCode of what a deploy refuses, and that a
PATCH replaces the Metadata whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from orgtwin.errors import SalesforceError, Unsupported
from orgtwin.http.message import Request, Response, json_response, no_content
from orgtwin.http.routing import Route
from orgtwin.metadata import crud
from orgtwin.metadata.component import Component
from orgtwin.metadata.service import MetadataService
from orgtwin.metadata.xml import XSI_TYPE, Node, leaf

_ROOT = "/services/data/{version}/tooling/sobjects/{type_name}"
_TYPES = {
    name.lower(): name
    for name in (
        "CustomField",
        "ValidationRule",
        "PlatformEventChannel",
        "PlatformEventChannelMember",
        "ManagedEventSubscription",
    )
}


def create(request: Request) -> Response:
    """POST {"FullName", "Metadata"}."""
    type_name, body = _type_name(request), request.json_object()
    full_name = body.get("FullName")
    if not isinstance(full_name, str) or not full_name:
        raise SalesforceError("REQUIRED_FIELD_MISSING", "Required fields are missing: [FullName]", fields=("FullName",))
    _save(request, crud.Call.CREATE, type_name, full_name, body)
    made = _service(request).find(type_name, full_name)
    return json_response(
        {"id": made.id if made else None, "success": True, "errors": [], "warnings": [], "infos": []}, status=201
    )


def change(request: Request) -> Response:
    """PATCH {"Metadata"}."""
    found = _require(request)
    _save(request, crud.Call.UPDATE, found.type, found.full_name, request.json_object())
    return no_content()


def delete(request: Request) -> Response:
    found = _require(request)
    crud.require_success(crud.delete(_service(request), request.caller, found.type, [found.full_name]))
    return no_content()


def refuse(request: Request) -> Response:
    """Whatever else the Tooling API does with single records."""
    raise _unsupported(request.params["type_name"])


def _save(request: Request, call: crud.Call, type_name: str, full_name: str, body: Mapping[str, object]) -> None:
    metadata = body.get("Metadata")
    if not isinstance(metadata, Mapping):
        raise SalesforceError("REQUIRED_FIELD_MISSING", "Required fields are missing: [Metadata]", fields=("Metadata",))
    children = (leaf("fullName", full_name), *_children(metadata))
    node = Node("metadata", children=children, attributes={XSI_TYPE: type_name})
    crud.require_success(crud.save(_service(request), request.caller, call, [node]))


def _children(value: Mapping[str, object]) -> Iterator[Node]:
    """JSON as the elements that say the same; null says nothing."""
    for name, inner in value.items():
        for one in inner if isinstance(inner, list) else [inner]:
            if isinstance(one, Mapping):
                yield Node(name, children=tuple(_children(one)))
            elif one is not None:
                yield leaf(name, str(one).lower() if isinstance(one, bool) else str(one))


def _require(request: Request) -> Component:
    type_name, record_id = _type_name(request), request.params["record_id"]
    for component in _service(request).components.of_type(type_name):
        if component.id is not None and component.id[:15] == record_id[:15]:
            return component
    raise SalesforceError("NOT_FOUND", "The requested resource does not exist", status=404)


def _type_name(request: Request) -> str:
    name = request.params["type_name"]
    if name.lower() not in _TYPES:
        raise _unsupported(name)
    return _TYPES[name.lower()]


def _unsupported(name: str) -> Unsupported:
    return Unsupported("tooling.sobjects", f"this call on the Tooling object {name}")


def _service(request: Request) -> MetadataService:
    return request.twin.part(MetadataService)


ROUTES: tuple[Route, ...] = (
    Route("POST", _ROOT, create),
    Route("PATCH", f"{_ROOT}/{{record_id}}", change),
    Route("DELETE", f"{_ROOT}/{{record_id}}", delete),
    Route("GET", _ROOT, refuse),
    Route("GET", f"{_ROOT}/describe", refuse),
    Route("GET", f"{_ROOT}/{{record_id}}", refuse),
)
