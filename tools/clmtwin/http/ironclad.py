"""`/public/api/v1`: records and webhooks as Ironclad publishes them, over the same agreements."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import msgspec

from clmtwin import agreements
from clmtwin.http.exchange import Request, Response, json_response, read_as, read_object
from clmtwin.ironclad.records import to_patch, to_record
from clmtwin.ironclad.webhooks import COMPANY_ID, EVENTS, public_key_pem
from clmtwin.model import Agreement
from clmtwin.problem import Problem
from clmtwin.store import Webhook
from clmtwin.twin import Twin

PREFIX = "/public/api/"
HOOK = "ironclad:"
ACTING_USER = ("x-as-user-email", "x-as-user-id")
_PAGE = 500


class WebhookOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"target_url": "targetURL"}):
    events: list[str]
    target_url: str


def refusal(problem: Problem) -> Response:
    """Ironclad's errors: {code, message}."""
    return json_response(
        {"code": problem.code.upper(), "message": problem.detail}, status=problem.status, headers=problem.headers
    )


def require_acting_user(request: Request) -> None:
    """Ironclad: "Client Credentials User Requirement". ASSUMED: the status and the words of the refusal."""
    if not any(request.headers.get(one) for one in ACTING_USER):
        raise Problem(
            "acting_user_needed", f"A client credentials token needs {' or '.join(ACTING_USER)} with a valid user."
        )


def read_page(twin: Twin, request: Request) -> Response:
    page = _number(request, "page", 0, 0, 100_000_000)
    size = _number(request, "pageSize", 20, 1, 100)
    found = _sorted(request, _changed_since(request, _all(twin)))
    rows = [to_record(one) for one in found[page * size : (page + 1) * size]]
    return json_response({"page": page, "pageSize": size, "count": len(found), "list": rows})


def read_one(twin: Twin, request: Request) -> Response:
    return json_response(to_record(twin.get_agreement(request.params["id"])))


def patch(twin: Twin, request: Request) -> Response:
    before = twin.get_agreement(request.params["id"])
    after = agreements.patch(before, to_patch(before, read_object(request)), twin.store.find_person)
    return json_response(to_record(twin.commit(before, after, "agreement.updated", request.actor)))


def create_webhook(twin: Twin, request: Request) -> Response:
    """An address is registered once."""
    order = read_as(request, WebhookOrder)
    unknown = sorted(set(order.events) - set(EVENTS))
    if unknown or not order.events:
        raise Problem(
            "invalid", f"events {unknown or order.events} are not sent by this twin; it sends {', '.join(EVENTS)}."
        )
    name = HOOK + hashlib.sha256(order.target_url.encode()).hexdigest()[:24]
    if twin.store.find_webhook(name) is not None:
        raise Problem("invalid", f"{order.target_url} is registered already; delete it first.")
    with twin.store.transaction():
        twin.store.put_webhook(name, order.target_url, "", ",".join(order.events))
    twin.on_change()
    return json_response(_model(_get(twin, name)), status=201)


def read_webhooks(twin: Twin, request: Request) -> Response:
    rows = [_model(one) for one in twin.store.read_webhooks() if one.name.startswith(HOOK)]
    return json_response({"page": 0, "pageSize": 20, "count": len(rows), "list": rows})


def remove_webhook(twin: Twin, request: Request) -> Response:
    with twin.store.transaction():
        removed = twin.store.remove_webhook(HOOK + request.params["id"])
    if not removed:
        raise Problem("not_found", f"There is no webhook {request.params['id']}.")
    return Response(204)


def read_key(twin: Twin, request: Request) -> Response:
    return Response(200, public_key_pem(twin.store), "text/plain")


def _all(twin: Twin) -> list[Agreement]:
    found: list[Agreement] = []
    while page := twin.store.read_agreements(int(found[-1].id.removeprefix("AGR-")) if found else 0, _PAGE):
        found += [agreement for _, agreement in page]
    return found


def _changed_since(request: Request, found: list[Agreement]) -> list[Agreement]:
    text = request.query.get("lastUpdated", "")
    if not text:
        return found
    try:
        since = datetime.fromisoformat(text)
        since = since if since.tzinfo else since.replace(tzinfo=UTC)
    except ValueError as error:
        raise Problem("invalid", f"lastUpdated is {text!r}; write a moment such as 2026-11-21T20:00:00Z.") from error
    return [one for one in found if datetime.fromisoformat(one.updated_at) >= since]


def _sorted(request: Request, found: list[Agreement]) -> list[Agreement]:
    by, direction = request.query.get("sortField", "agreementDate"), request.query.get("sortDirection", "DESC")
    keys = {
        "agreementDate": lambda one: one.term.signed or "",
        "name": lambda one: one.title,
        "lastUpdated": lambda one: one.updated_at,
    }
    if by not in keys or direction not in ("ASC", "DESC"):
        raise Problem(
            "invalid", f"sortField is one of {', '.join(keys)} and sortDirection ASC or DESC, not {by} {direction}."
        )
    return sorted(found, key=keys[by], reverse=direction == "DESC")


def _number(request: Request, name: str, default: int, least: int, most: int) -> int:
    text = request.query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and least <= int(text[:9]) <= most):
        raise Problem("invalid_limit", f"{name} is {text!r}; it goes from {least} to {most}.")
    return int(text)


def _get(twin: Twin, name: str) -> Webhook:
    found = twin.store.find_webhook(name)
    if found is None:
        raise Problem("not_found", f"There is no webhook {name}.")
    return found


def _model(webhook: Webhook) -> dict[str, object]:
    return {
        "id": webhook.name.removeprefix(HOOK),
        "events": webhook.events.split(","),
        "targetURL": webhook.url,
        "companyId": COMPANY_ID,
        "status": "enabled",
        "consecutiveFailureCount": 0,
    }
