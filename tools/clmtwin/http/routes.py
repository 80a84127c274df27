"""The route table. A new resource is a row here and a handler; `{name}` matches one path segment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from clmtwin.http import admin, agreements, directory, imports, ironclad, oauth
from clmtwin.http.exchange import Request, Response
from clmtwin.problem import Problem
from clmtwin.twin import Twin

Handler = Callable[[Twin, Request], Response]
Access = Literal["open", "bearer"]


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    pattern: str
    handler: Handler
    access: Access = "bearer"

    @property
    def segments(self) -> tuple[str, ...]:
        return tuple(self.pattern.split("/"))


def _arm_fault(twin: Twin, request: Request) -> Response:
    return admin.arm_fault(twin, request, PATH_STARTS)


ONE = "/api/v1/agreements/{id}"

ROUTES = (
    Route("POST", "/oauth/token", oauth.issue_token, "open"),
    Route("GET", "/api/v1/agreements", agreements.read_page),
    Route("POST", "/api/v1/agreements", agreements.create),
    Route("GET", ONE, agreements.read_one),
    Route("PATCH", ONE, agreements.patch),
    Route("POST", f"{ONE}/transitions", agreements.move),
    Route("POST", f"{ONE}/amendments", agreements.amend),
    Route("POST", f"{ONE}/renewals", agreements.renew),
    Route("POST", f"{ONE}/terminate", agreements.terminate),
    Route("POST", f"{ONE}/approvals", agreements.ask_approval),
    Route("POST", f"{ONE}/approvals/{{approval}}", agreements.decide_approval),
    Route("POST", f"{ONE}/envelopes", agreements.send_envelope),
    Route("POST", f"{ONE}/envelopes/events", agreements.note_envelope),
    Route("POST", f"{ONE}/notices", agreements.give_notice),
    Route("POST", f"{ONE}/obligations", agreements.add_obligation),
    Route("POST", f"{ONE}/obligations/{{obligation}}", agreements.settle_obligation),
    Route("POST", f"{ONE}/obligations/{{obligation}}/milestones/{{milestone}}", agreements.finish_milestone),
    Route("GET", "/api/v1/approval-matrix", directory.read_matrix),
    Route("PUT", "/api/v1/approval-matrix", directory.put_matrix),
    Route("GET", "/api/v1/changes", directory.read_changes),
    Route("GET", "/api/v1/counterparties", directory.read_counterparties),
    Route("GET", "/api/v1/people", directory.read_people),
    Route("POST", "/api/v1/people", directory.put_person),
    Route("GET", "/api/v1/documents/{id}/content", directory.read_document),
    Route("PUT", "/api/v1/webhooks/{name}", directory.put_webhook),
    Route("GET", "/api/v1/webhooks/{name}", directory.read_webhook),
    Route("DELETE", "/api/v1/webhooks/{name}", directory.remove_webhook),
    Route("POST", "/api/v1/imports/contracts", imports.import_contracts),
    Route("GET", "/public/api/v1/records", ironclad.read_page),
    Route("GET", "/public/api/v1/records/{id}", ironclad.read_one),
    Route("PATCH", "/public/api/v1/records/{id}", ironclad.patch),
    Route("GET", "/public/api/v1/webhooks", ironclad.read_webhooks),
    Route("POST", "/public/api/v1/webhooks", ironclad.create_webhook),
    Route("GET", "/public/api/v1/webhooks/verification-key", ironclad.read_key),
    Route("DELETE", "/public/api/v1/webhooks/{id}", ironclad.remove_webhook),
    Route("POST", "/admin/reset", admin.reset),
    Route("POST", "/admin/agreements", admin.create_agreements),
    Route("POST", "/admin/client-secret", admin.replace_secret),
    Route("GET", "/admin/clock", admin.read_clock),
    Route("PUT", "/admin/clock", admin.set_clock),
    Route("GET", "/admin/faults", admin.list_faults),
    Route("POST", "/admin/faults", _arm_fault),
    Route("DELETE", "/admin/faults", admin.disarm_faults),
    Route("DELETE", "/admin/faults/{id}", admin.disarm_fault),
)

PATH_STARTS = tuple({route.pattern.split("{")[0] for route in ROUTES if not route.pattern.startswith("/admin/")})


def find_route(request: Request) -> tuple[Route, Request]:
    """The route of a request and the request with its path parameters. Raises Problem 404 or 405."""
    segments = tuple(request.path.split("/"))
    matching = [(route, params) for route in ROUTES if (params := _match(route.segments, segments)) is not None]
    if not matching:
        raise Problem("not_found", f"Nothing is served at {request.path}.")
    for route, params in matching:
        if route.method == request.method:
            return route, replace(request, params=params)
    allowed = ", ".join(sorted({route.method for route, _ in matching}))
    raise Problem(
        "method_not_allowed", f"{request.path} knows {allowed}, not {request.method}.", headers=(("allow", allowed),)
    )


def _match(pattern: tuple[str, ...], segments: tuple[str, ...]) -> dict[str, str] | None:
    if len(pattern) != len(segments):
        return None
    params: dict[str, str] = {}
    for expected, given in zip(pattern, segments, strict=True):
        if expected.startswith("{") and given:
            params[expected[1:-1]] = given
        elif expected != given:
            return None
    return params
