"""`/admin/*`: what a tester does to the twin. No CLM offers this to its clients."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from clmtwin import agreements
from clmtwin.approvals import Matrix
from clmtwin.bulk_creation import MOST, MOST_COUNTERPARTIES, BulkOrder, make_agreements
from clmtwin.clock import iso
from clmtwin.faults import FAULTS, FaultOrder
from clmtwin.http.exchange import Request, Response, json_response, read_as
from clmtwin.nightly import pass_nights
from clmtwin.problem import Problem
from clmtwin.twin import Twin, save_clock


class ClockOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`now` sets the clock (ISO 8601 with zone), `advance_seconds` moves it; `frozen` lets it stand still."""

    now: datetime | None = None
    advance_seconds: float | None = None
    frozen: bool = False


class ClockState(msgspec.Struct, frozen=True):
    """Where the clock stands and what the days that passed brought."""

    now: str
    frozen: bool
    renewed: int = 0
    expired: int = 0
    terminated: int = 0
    overdue: int = 0


def reset(twin: Twin, request: Request) -> Response:
    with twin.store.transaction():
        twin.store.clear()
        twin.put_matrix(Matrix())
    twin.faults.disarm_all()
    return Response(204)


def create_agreements(twin: Twin, request: Request) -> Response:
    """All of them or none; nobody else is served in the meantime."""
    order = read_as(request, BulkOrder)
    if (
        not 1 <= order.count <= MOST
        or not 1 <= order.counterparties <= MOST_COUNTERPARTIES
        or not 0 <= order.lines <= 20
    ):
        raise Problem(
            "invalid",
            f"count goes from 1 to {MOST}, counterparties from 1 to {MOST_COUNTERPARTIES}, lines from 0 to 20.",
        )
    first = twin.store.next_agreement_number()
    with twin.store.transaction():
        for agreement in make_agreements(order, first):
            at = iso(twin.clock.now())
            twin.keep(agreements.stamp(agreement, revision=1, at=at, by="admin"), "agreement.created")
    twin.on_change()
    return json_response({"created": order.count, "first": first}, status=201)


def replace_secret(twin: Twin, request: Request) -> Response:
    """A new secret for the integration's client, told here alone; the one before it counts until the next."""
    known = twin.replace_secret()
    return json_response({"client_id": known.client_id, "client_secret": known.client_secret}, status=201)


def read_clock(twin: Twin, request: Request) -> Response:
    return json_response(ClockState(iso(twin.clock.now()), twin.clock.is_frozen))


def set_clock(twin: Twin, request: Request) -> Response:
    order = read_as(request, ClockOrder)
    if (order.now is None) == (order.advance_seconds is None):
        raise Problem("invalid", "Send either now or advance_seconds.")
    try:
        target = (
            order.now if order.now is not None else twin.clock.now() + timedelta(seconds=order.advance_seconds or 0)
        )
    except OverflowError as error:
        raise Problem("invalid", f"advance_seconds {order.advance_seconds} leaves the calendar.") from error
    if target.tzinfo is None:
        raise Problem("invalid", "now needs a zone, such as 2026-11-21T20:00:00Z.")
    twin.clock.set(target.astimezone(UTC), frozen=order.frozen)
    save_clock(twin.store, twin.clock)
    night = msgspec.structs.asdict(pass_nights(twin))
    return json_response(ClockState(iso(twin.clock.now()), twin.clock.is_frozen, **night))


def list_faults(twin: Twin, request: Request) -> Response:
    known = {name: kind.summary for name, kind in FAULTS.items()}
    return json_response({"known": known, "armed": twin.faults.armed})


def disarm_faults(twin: Twin, request: Request) -> Response:
    return json_response({"disarmed": twin.faults.disarm_all()})


def disarm_fault(twin: Twin, request: Request) -> Response:
    gone = twin.faults.disarm(request.params["id"])
    if gone is None:
        raise Problem("not_found", f"No fault {request.params['id']} is armed.")
    return json_response({"disarmed": [gone]})


def arm_fault(twin: Twin, request: Request, known_path_starts: tuple[str, ...]) -> Response:
    order = read_as(request, FaultOrder)
    has_webhooks = bool(twin.store.read_webhooks())
    armed = twin.faults.arm(order, known_path_starts=known_path_starts, has_webhooks=has_webhooks)
    return json_response(armed, status=201)
