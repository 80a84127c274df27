"""The change feed, counterparties, people, documents and webhooks."""

from __future__ import annotations

import base64
import binascii

import msgspec

from clmtwin import identifiers
from clmtwin.approvals import Matrix, require_sound
from clmtwin.http.exchange import Request, Response, json_response, read_as, read_limit, read_number_cursor
from clmtwin.model import Email, Person, Text
from clmtwin.problem import Problem
from clmtwin.twin import Twin

MOST_CHANGES = 1000
MOST_ENTRIES = 1000
SHORTEST_SECRET = 24


class PersonOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    email: Email
    name: Text | None = None


class WebhookOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    url: str
    secret: str


class WebhookState(msgspec.Struct, frozen=True):
    """A webhook without its secret. `waiting` counts the changes that were not yet delivered."""

    name: str
    url: str
    delivered: int
    given_up: int
    waiting: int
    last_error: str | None


def read_changes(twin: Twin, request: Request) -> Response:
    limit = read_limit(request, default=500, most=MOST_CHANGES)
    after = read_number_cursor(request)
    if after > twin.store.last_sequence():
        raise Problem(
            "invalid_cursor", f"after is {after}; the feed ends at {twin.store.last_sequence()}. It was reset since."
        )
    changes = twin.store.read_changes(after, limit + 1)
    page = changes[:limit]
    cursor = str(page[-1].sequence) if page else request.query.get("after", "")
    return json_response({"changes": page, "cursor": cursor, "more": len(changes) > limit})


def read_counterparties(twin: Twin, request: Request) -> Response:
    limit = read_limit(request, default=200, most=MOST_ENTRIES)
    rows = twin.store.read_counterparties(request.query.get("after", ""), limit + 1)
    page = rows[:limit]
    return json_response({"counterparties": page, "cursor": page[-1].id if page else "", "more": len(rows) > limit})


def read_people(twin: Twin, request: Request) -> Response:
    limit = read_limit(request, default=200, most=MOST_ENTRIES)
    rows = twin.store.read_people(request.query.get("after", ""), limit + 1)
    page = rows[:limit]
    return json_response({"people": page, "cursor": page[-1].id if page else "", "more": len(rows) > limit})


def put_person(twin: Twin, request: Request) -> Response:
    order = read_as(request, PersonOrder)
    person = Person(identifiers.person_id(order.email), order.name, order.email)
    with twin.store.transaction():
        twin.store.put_person(person)
    return json_response(person, status=201)


def read_document(twin: Twin, request: Request) -> Response:
    found = twin.store.find_document(request.params["id"])
    if found is None:
        raise Problem("not_found", f"There is no document {request.params['id']}.")
    return Response(200, found[1], "application/octet-stream")


def read_matrix(twin: Twin, request: Request) -> Response:
    return json_response(twin.read_matrix())


def put_matrix(twin: Twin, request: Request) -> Response:
    """The whole matrix at once. Agreements that are in APPROVAL keep whom they asked."""
    matrix = read_as(request, Matrix)
    require_sound(matrix)
    twin.put_matrix(matrix)
    return json_response(matrix)


def put_webhook(twin: Twin, request: Request) -> Response:
    order = read_as(request, WebhookOrder)
    if not order.url.startswith(("http://", "https://")):
        raise Problem("invalid", f"url is {order.url!r}; it starts with http:// or https://.")
    _require_secret(order.secret)
    with twin.store.transaction():
        twin.store.put_webhook(request.params["name"], order.url, order.secret)
    twin.on_change()
    return json_response(_state(twin, request.params["name"]))


def read_webhook(twin: Twin, request: Request) -> Response:
    return json_response(_state(twin, request.params["name"]))


def remove_webhook(twin: Twin, request: Request) -> Response:
    with twin.store.transaction():
        removed = twin.store.remove_webhook(request.params["name"])
    if not removed:
        raise Problem("not_found", f"There is no webhook {request.params['name']}.")
    return Response(204)


def _require_secret(secret: str) -> None:
    """Standard Webhooks: `whsec_` and the base64 of 24 to 64 bytes."""
    try:
        size = len(base64.b64decode(secret.removeprefix("whsec_"), validate=True))
    except binascii.Error as error:
        raise Problem(
            "invalid", "secret is not base64; make one of 24 to 64 random bytes, written whsec_<base64>."
        ) from error
    if not SHORTEST_SECRET <= size <= 64:
        raise Problem("invalid", f"secret holds {size} bytes; Standard Webhooks wants 24 to 64.")


def _state(twin: Twin, name: str) -> WebhookState:
    webhook = twin.store.find_webhook(name)
    if webhook is None:
        raise Problem("not_found", f"There is no webhook {name}.")
    waiting = twin.store.last_sequence() - webhook.cursor
    return WebhookState(webhook.name, webhook.url, webhook.delivered, webhook.given_up, waiting, webhook.last_error)
