"""/tooling: classes and triggers saved one by one, or as working copies in a container.

Source: "ApexClass", "ApexTrigger", "MetadataContainer", "ApexClassMember", "ApexTriggerMember", "ContainerAsyncRequest" (Tooling
API Developer Guide). Each save is a deploy of its own, without tests. ASSUMED: how a compile error of a direct save is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from orgtwin.apex.container_tables import CONTAINER_OBJECTS
from orgtwin.apex.containers import KINDS, MEMBERS, Source, Workspace, declared_name, find_saved, require, save_sources
from orgtwin.errors import SalesforceError
from orgtwin.http.message import Request, Response, json_response, no_content
from orgtwin.http.routing import Route
from orgtwin.metadata import crud
from orgtwin.metadata.results import component_failures
from orgtwin.metadata.service import MetadataService
from orgtwin.soql.catalog import MadeWhenShown
from orgtwin.soql.wire import to_wire

_ROOT = "/services/data/{version}/tooling/sobjects"


def create_source(kind: str, request: Request) -> Response:
    """POST {"Body"}: the name is that in the source, unless Name says it too."""
    body = request.json_object()
    text, name = str(body.get("Body") or ""), str(body.get("Name") or body.get("FullName") or "")
    name = name or declared_name(text)
    if not text or not name:
        raise _missing("Body")
    if find_saved(request.org, kind, name=name) is not None:
        raise SalesforceError("DUPLICATE_VALUE", f"duplicate value found: {name}", fields=("Name",))  # ASSUMED text
    _save(request, Source(kind, name, text, _version(body, request.caller.api_version)))
    saved = find_saved(request.org, kind, name=name)
    return _created(saved.record_id if saved is not None else None)


def change_source(kind: str, request: Request) -> Response:
    """PATCH {"Body"}."""
    saved = find_saved(request.org, kind, record_id=request.params["record_id"])
    if saved is None:
        raise _not_found()
    body = request.json_object()
    if not body.get("Body"):
        raise _missing("Body")
    _save(request, Source(kind, saved.name, str(body["Body"]), _version(body, saved.api_version)))
    return no_content()


def delete_source(kind: str, request: Request) -> Response:
    """What other code names stays, as in a deploy."""
    saved = find_saved(request.org, kind, record_id=request.params["record_id"])
    if saved is None:
        raise _not_found()
    crud.require_success(crud.delete(_service(request), request.caller, kind, [saved.name]))
    return no_content()


def _save(request: Request, source: Source) -> None:
    for failure in component_failures(save_sources(_service(request), request.caller, [source], check_only=False)):
        where = f"line {failure['lineNumber']}, column {failure['columnNumber']}: " if failure["lineNumber"] else ""
        raise SalesforceError("FIELD_INTEGRITY_EXCEPTION", f"{where}{failure['problem']}", fields=("Body",))


def _version(body: Mapping[str, object], otherwise: float) -> float:
    given = body.get("ApiVersion")
    metadata = body.get("Metadata")
    given = metadata.get("apiVersion") if given is None and isinstance(metadata, Mapping) else given
    return float(given) if isinstance(given, (int, float)) else otherwise


def create_container(request: Request) -> Response:
    """POST {"Name"}."""
    name = request.json_object().get("Name")
    if not isinstance(name, str) or not name:
        raise _missing("Name")
    return _created(_workspace(request).create_container(name).id)


def delete_container(request: Request) -> Response:
    """With its members."""
    _workspace(request).delete_container(request.params["record_id"])
    return no_content()


def create_member(type_name: str, request: Request) -> Response:
    """POST {"MetadataContainerId", "ContentEntityId" or "FullName", "Body"}."""
    return _created(_workspace(request).create_member(type_name, request.json_object()).id)


def change_member(request: Request) -> Response:
    """PATCH {"Body"}."""
    body = request.json_object().get("Body")
    if not isinstance(body, str):
        raise _missing("Body")
    _workspace(request).change_member(request.params["record_id"], body)
    return no_content()


def delete_member(request: Request) -> Response:
    _workspace(request).delete_member(request.params["record_id"])
    return no_content()


def carry_out(request: Request) -> Response:
    """POST {"MetadataContainerId" or "MetadataContainerMemberId", "IsCheckOnly"}; it is done when this answers."""
    asked = request.json_object()
    return _created(_workspace(request).carry_out(_service(request), request.caller, asked).id)


def show(type_name: str, request: Request) -> Response:
    """One of the objects that can also be queried."""
    rows = {str(row["Id"]): row for row in CONTAINER_OBJECTS[type_name][1](_workspace(request))}
    found = require(rows, request.params["record_id"])
    address = f"/services/data/v{request.caller.api_version:.1f}/tooling/sobjects/{type_name}/{found['Id']!s}"
    values = {name: v.make() if isinstance(v, MadeWhenShown) else to_wire(v) for name, v in found.items()}
    return json_response({"attributes": {"type": type_name, "url": address}, **values})


def _created(record_id: str | None) -> Response:
    return json_response({"id": record_id, "success": True, "errors": [], "warnings": [], "infos": []}, status=201)


def _missing(field: str) -> SalesforceError:
    return SalesforceError("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{field}]", fields=(field,))


def _not_found() -> SalesforceError:
    return SalesforceError("NOT_FOUND", "The requested resource does not exist", status=404)


def _workspace(request: Request) -> Workspace:
    return request.twin.part(Workspace)


def _service(request: Request) -> MetadataService:
    return request.twin.part(MetadataService)


ROUTES: tuple[Route, ...] = (
    *(Route("POST", f"{_ROOT}/{kind}", partial(create_source, kind)) for kind in KINDS),
    *(Route("PATCH", f"{_ROOT}/{kind}/{{record_id}}", partial(change_source, kind)) for kind in KINDS),
    *(Route("DELETE", f"{_ROOT}/{kind}/{{record_id}}", partial(delete_source, kind)) for kind in KINDS),
    Route("POST", f"{_ROOT}/MetadataContainer", create_container),
    Route("DELETE", f"{_ROOT}/MetadataContainer/{{record_id}}", delete_container),
    *(Route("POST", f"{_ROOT}/{name}", partial(create_member, name)) for name in MEMBERS),
    *(Route("PATCH", f"{_ROOT}/{name}/{{record_id}}", change_member) for name in MEMBERS),
    *(Route("DELETE", f"{_ROOT}/{name}/{{record_id}}", delete_member) for name in MEMBERS),
    Route("POST", f"{_ROOT}/ContainerAsyncRequest", carry_out),
    *(Route("GET", f"{_ROOT}/{name}/{{record_id}}", partial(show, name)) for name in CONTAINER_OBJECTS),
)
