"""`/api/v1/agreements` and what hangs below it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec

from clmtwin import agreements, approvals, obligations, renewals
from clmtwin.envelopes import SignatoryOrder
from clmtwin.http.exchange import Request, Response, json_response, read_as, read_limit, read_number_cursor, read_object
from clmtwin.model import Agreement, Email, Side, Text
from clmtwin.obligations import ObligationOrder
from clmtwin.problem import Problem
from clmtwin.twin import Twin

MOST_PER_PAGE = 500
MOST_CHOSEN = 200


class Move(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    to: str


class AmendmentOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    summary: Text
    effective: Text
    changes: dict[str, Any] = {}


class RenewalOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"mode": "as"}):
    """Until a day, or until the day on which another agreement of the counterparty ends."""

    end: Text | None = None
    co_term_with: str | None = None
    start: Text | None = None
    mode: str = "extension"


class TerminationOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    effective: Text


class ApprovalOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    approver: Email


class ApprovalDecision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    decision: str


class EnvelopeOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    signatories: tuple[SignatoryOrder, ...] = ()


class EnvelopeEvent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of the envelope, or of the signatory whose e-mail address is given."""

    status: str
    signatory: Email | None = None


class NoticeOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kind: str
    by: Side
    effective: date | None = None


class Settlement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    status: str


def read_page(twin: Twin, request: Request) -> Response:
    if "ids" in request.query:
        return _read_chosen(twin, request.query["ids"].split(","))
    limit = read_limit(request, default=200, most=MOST_PER_PAGE)
    rows = twin.store.read_agreement_bytes(read_number_cursor(request), limit + 1)
    page = rows[:limit]
    cursor = str(page[-1][0]) if page else request.query.get("after", "")
    body = {"agreements": [msgspec.Raw(raw) for _, raw in page], "cursor": cursor, "more": len(rows) > limit}
    return json_response(body)


def _read_chosen(twin: Twin, ids: Sequence[str]) -> Response:
    """The agreements of these ids, those that there are, in the order of their numbers."""
    if len(ids) > MOST_CHOSEN:
        raise Problem("invalid", f"ids names {len(ids)} agreements; at most {MOST_CHOSEN} are read at once.")
    found = [msgspec.Raw(raw) for raw in twin.store.read_chosen_bytes(ids)]
    return json_response({"agreements": found, "cursor": "", "more": False})


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
    after = agreements.move(before, read_as(request, Move).to, twin.read_matrix().rows)
    return _answer(twin.commit(before, after, f"agreement.{after.stage.lower()}", request.actor))


def amend(twin: Twin, request: Request) -> Response:
    before = _get_unmoved(twin, request)
    order = read_as(request, AmendmentOrder)
    after = agreements.amend(before, order.summary, order.effective, order.changes, twin.store.find_person)
    return _answer(twin.commit(before, after, "agreement.amended", request.actor), status=201)


def renew(twin: Twin, request: Request) -> Response:
    before = _get_unmoved(twin, request)
    order = read_as(request, RenewalOrder)
    end = _end_of_renewal(twin, before, order)
    if order.mode == "extension":
        return _answer(twin.commit(before, renewals.extend(before, end), "agreement.renewed", request.actor))
    if order.mode != "new_agreement":
        raise Problem("invalid", f"A renewal is made as extension or new_agreement, not {order.mode!r}.")
    successor = renewals.successor(before, twin.store.next_agreement_number(), order.start, end)
    saved = twin.commit(None, successor, "agreement.created", request.actor)
    return _answer(saved, status=201, location=f"/api/v1/agreements/{saved.id}")


def terminate(twin: Twin, request: Request) -> Response:
    before = _get_unmoved(twin, request)
    after = agreements.terminate(before, read_as(request, TerminationOrder).effective)
    return _answer(twin.commit(before, after, "agreement.terminated", request.actor))


def ask_approval(twin: Twin, request: Request) -> Response:
    before = _get_unmoved(twin, request)
    after = approvals.ask(before, read_as(request, ApprovalOrder).approver)
    return _answer(twin.commit(before, after, "agreement.approval_asked", request.actor), status=201)


def decide_approval(twin: Twin, request: Request) -> Response:
    before = _get_unmoved(twin, request)
    decision = read_as(request, ApprovalDecision).decision
    after = agreements.decide_approval(before, request.params["approval"], decision, request.actor)
    return _answer(twin.commit(before, after, "agreement.approval_decided", request.actor))


def send_envelope(twin: Twin, request: Request) -> Response:
    before = _get_unmoved(twin, request)
    order = read_as(request, EnvelopeOrder) if request.body else EnvelopeOrder()
    after = agreements.send_envelope(before, order.signatories)
    return _answer(twin.commit(before, after, "envelope.sent", request.actor), status=201)


def note_envelope(twin: Twin, request: Request) -> Response:
    before = _get_unmoved(twin, request)
    event = read_as(request, EnvelopeEvent)
    after = agreements.note_envelope(before, event.status, event.signatory)
    return _answer(twin.commit(before, after, "envelope.updated", request.actor))


def give_notice(twin: Twin, request: Request) -> Response:
    before = _get_unmoved(twin, request)
    order = read_as(request, NoticeOrder)
    after = renewals.give_notice(before, order.kind, order.by, order.effective, twin.today())
    return _answer(twin.commit(before, after, "agreement.notice_given", request.actor), status=201)


def add_obligation(twin: Twin, request: Request) -> Response:
    before = _get_unmoved(twin, request)
    after = obligations.add(before, read_as(request, ObligationOrder))
    return _answer(twin.commit(before, after, "obligation.added", request.actor), status=201)


def settle_obligation(twin: Twin, request: Request) -> Response:
    before = _get_unmoved(twin, request)
    status = read_as(request, Settlement).status
    after = obligations.settle(before, request.params["obligation"], status, twin.today())
    return _answer(twin.commit(before, after, f"obligation.{status}", request.actor))


def finish_milestone(twin: Twin, request: Request) -> Response:
    before = _get_unmoved(twin, request)
    after = obligations.finish_milestone(before, request.params["obligation"], request.params["milestone"])
    return _answer(twin.commit(before, after, "obligation.milestone_done", request.actor))


def _end_of_renewal(twin: Twin, agreement: Agreement, order: RenewalOrder) -> str:
    if (order.end is None) == (order.co_term_with is None):
        raise Problem("invalid", "A renewal names either end or co_term_with.")
    if order.end is not None:
        return order.end
    return renewals.co_term_end(agreement, twin.get_agreement(str(order.co_term_with)))


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
