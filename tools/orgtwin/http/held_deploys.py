"""/twin/admin/deploys: the twin deploys before it answers; held deploys wait, so that a client can watch or cancel one."""

from __future__ import annotations

from orgtwin.http.message import Request, Response, no_content
from orgtwin.http.routing import Door, Route
from orgtwin.metadata.service import MetadataService


def hold(request: Request) -> Response:
    """Deploys from now on wait, Pending, until they are released."""
    request.twin.part(MetadataService).hold()
    return no_content()


def release(request: Request) -> Response:
    """Those that wait are carried out, oldest first."""
    request.twin.part(MetadataService).release()
    return no_content()


ROUTES = (
    Route("POST", "/twin/admin/deploys/hold", hold, Door.ADMIN),
    Route("POST", "/twin/admin/deploys/release", release, Door.ADMIN),
)
