"""`/api/v1/agreements` and what hangs below it."""

from __future__ import annotations

from typing import Any

import msgspec

from clmtwin import agreements
from clmtwin.http.exchange import Request, Response, json_response, read_as, read_limit, read_number_cursor, read_object
from clmtwin.model import Agreement, Email, Text
from clmtwin.problem import Problem
from clmtwin.twin import Twin

MOST_PER_PAGE = 500


class Move(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    to: str


class AmendmentOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    summary: Text
    effective: Text
    changes: dict[str, Any] = {}


class RenewalOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"mode": "as"}):
    end: Text
    start: Text | None = None
    mode: str = "extension"


class TerminationOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    effective: Text


class ApprovalOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    approver: Email


class ApprovalDecision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    decision: str


class EnvelopeEvent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    status: str


def read_page(twin: Twin, request: Request) -> Response:
    limit = read_limit(request, default=200, most=MOST_PER_PAGE)
    rows = twin.store.read_agreement_bytes(read_number_cursor(request), limit + 1)
    page = rows[:limit]
    cursor = str(page[-1][0]) if page else request.query.get("after", "")
    body = {"agreements": [msgspec.Raw(raw) for _, raw in page], "cursor": cursor, "more": len(rows) > limit}
    return json_response(body)


def read_one(twin: Twin, request: Request) -> Response:
    agreement = twin.get_agreement(request.params["id"])
    if request.headers.get("if-none-match") == _etag(agreement):
        return Response(304, headers=(("etag", _etag(agreement)),))
    return _answer(agreement)


def create(twin: Twin, request: Request) -> Response:
    body = read_object(request)
    agreement = agreements.create(twin.store.next_agreement_number(), body, twin.store.find_person)
    if agreement.amends is not None:
        twin.get_agreement(agreement.amends)
    saved = twin.commit(None, agreement, "agreement.created", request.actor)
    return _answer(saved, status=201, location=f"/api/v1/agreements/{saved.id}")


def patch(twin: Twin, request: Request) -> Response:
    before = _get_unmoved(twin, request)
    after = agreements.patch(before, read_object(request), twin.store.find_person)
    return _answer(twin.commit(before, after, "agreement.updated", request.actor))


def move(twin: Twin, request: Request) -> Response:
    before = _get_unmoved(twin, request)
    after = agreements.move(before, read_as(request, Move).to)
    return _answer(twin.commit(before, after, f"agreement.{after.stage.lower()}", request.actor))


def amend(twin: Twin, request: Request) -> Response:
    before = _get_unmoved(twin, request)
    order = read_as(request, AmendmentOrder)
    after = agreements.amend(before, order.summary, order.effective, order.changes, twin.store.find_person)
    return _answer(twin.commit(before, after, "agreement.amended", request.actor), status=201)


def renew(twin: Twin, request: Request) -> Response:
    before = _get_unmoved(twin, request)
    order = read_as(request, RenewalOrder)
    if order.mode == "extension":
        return _answer(twin.commit(before, agreements.extend(before, order.end), "agreement.renewed", request.actor))
    if order.mode != "new_agreement":
        raise Problem("invalid", f"A renewal is made as extension or new_agreement, not {order.mode!r}.")
    successor = agreements.successor(before, twin.store.next_agreement_number(), order.start, order.end)
    saved = twin.commit(None, successor, "agreement.created", request.actor)
    return _answer(saved, status=201, location=f"/api/v1/agreements/{saved.id}")


def terminate(twin: Twin, request: Request) -> Response:
    before = _get_unmoved(twin, request)
    after = agreements.terminate(before, read_as(request, TerminationOrder).effective)
    return _answer(twin.commit(before, after, "agreement.terminated", request.actor))


def ask_approval(twin: Twin, request: Request) -> Response:
    before = _get_unmoved(twin, request)
    after = agreements.ask_approval(before, read_as(request, ApprovalOrder).approver)
    return _answer(twin.commit(before, after, "agreement.approval_asked", request.actor), status=201)


def decide_approval(twin: Twin, request: Request) -> Response:
    before = _get_unmoved(twin, request)
    after = agreements.decide_approval(before, request.params["approval"], read_as(request, ApprovalDecision).decision)
    return _answer(twin.commit(before, after, "agreement.approval_decided", request.actor))


def send_envelope(twin: Twin, request: Request) -> Response:
    before = _get_unmoved(twin, request)
    return _answer(twin.commit(before, agreements.send_envelope(before), "envelope.sent", request.actor), status=201)


def note_envelope(twin: Twin, request: Request) -> Response:
    before = _get_unmoved(twin, request)
    after = agreements.note_envelope(before, read_as(request, EnvelopeEvent).status)
    return _answer(twin.commit(before, after, "envelope.updated", request.actor))


def _get_unmoved(twin: Twin, request: Request) -> Agreement:
    """The agreement, unless the client's If-Match names another revision (412)."""
    agreement = twin.get_agreement(request.params["id"])
    expected = request.headers.get("if-match")
    if expected not in (None, "*", _etag(agreement)):
        raise Problem(
            "revision_mismatch",
            f"{agreement.id} is at revision {agreement.revision}, If-Match says {expected}. Read it again and judge anew.",
            headers=(("etag", _etag(agreement)),),
        )
    return agreement


def _etag(agreement: Agreement) -> str:
    return f'"{agreement.revision}"'


def _answer(agreement: Agreement, *, status: int = 200, location: str | None = None) -> Response:
    headers = (("etag", _etag(agreement)),) + ((("location", location),) if location else ())
    return json_response(agreement, status=status, headers=headers)
