"""Duties after signing: settled, waived, overdue, and followed by the next when they recur."""

from __future__ import annotations

from datetime import date

import msgspec

from clmtwin import identifiers
from clmtwin.lifecycle import Stage
from clmtwin.model import Agreement, Milestone, Obligation, Owner, Recurrence, Side, Text
from clmtwin.periods import RECURRENCES, after
from clmtwin.problem import Problem

SETTLED = ("fulfilled", "waived")
_LIVE = (Stage.EXECUTED, Stage.ACTIVE)


class ObligationOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A duty that came up after signing."""

    title: Text
    responsible: Side
    due: date
    owner: Owner | None = None
    recurs: Recurrence | None = None


def add(agreement: Agreement, order: ObligationOrder) -> Agreement:
    if agreement.stage not in _LIVE:
        raise Problem("illegal_transition", f"{agreement.id} is {agreement.stage}; a duty is added after signing.")
    obligation_id = identifiers.child_id("OBL", agreement.id, len(agreement.obligations) + 1)
    new = Obligation(obligation_id, order.title, order.responsible, order.due, order.owner, order.recurs)
    return msgspec.structs.replace(agreement, obligations=(*agreement.obligations, new))


def settle(agreement: Agreement, obligation_id: str, status: str, today: date) -> Agreement:
    """Fulfil or waive. A duty is settled once, and fulfilled only when its milestones are done."""
    obligation = _get(agreement, obligation_id)
    if status not in SETTLED:
        raise Problem("invalid", f"An obligation becomes {' or '.join(SETTLED)}, not {status!r}.")
    if agreement.stage not in _LIVE:
        raise Problem("illegal_transition", f"{agreement.id} is {agreement.stage}; duties are settled after signing.")
    if obligation.status in SETTLED:
        raise Problem("obligation_settled", f"{obligation_id} was {obligation.status} on {obligation.settled_on}.")
    undone = [step.id for step in obligation.milestones if not step.done]
    if status == "fulfilled" and undone:
        raise Problem("milestone_open", f"{obligation_id} waits for {', '.join(undone)}.")
    settled = msgspec.structs.replace(obligation, status=status, settled_on=today)
    return _replace(agreement, settled, *_next(agreement, obligation))


def finish_milestone(agreement: Agreement, obligation_id: str, milestone_id: str) -> Agreement:
    obligation = _get(agreement, obligation_id)
    if milestone_id not in {step.id for step in obligation.milestones}:
        raise Problem("not_found", f"{obligation_id} has no milestone {milestone_id}.")
    steps = tuple(
        msgspec.structs.replace(step, done=True) if step.id == milestone_id else step for step in obligation.milestones
    )
    return _replace(agreement, msgspec.structs.replace(obligation, milestones=steps))


def note_overdue(agreement: Agreement, today: date) -> Agreement:
    """Open duties of an agreement in effect whose day has passed."""
    if agreement.stage not in _LIVE:
        return agreement
    for obligation in agreement.obligations:
        if obligation.status == "open" and obligation.due < today:
            agreement = _replace(agreement, msgspec.structs.replace(obligation, status="overdue"))
    return agreement


def _next(agreement: Agreement, obligation: Obligation) -> tuple[Obligation, ...]:
    if obligation.recurs is None:
        return ()
    span = RECURRENCES[obligation.recurs]
    obligation_id = identifiers.child_id("OBL", agreement.id, len(agreement.obligations) + 1)
    steps = tuple(
        Milestone(f"{obligation_id}-{place}", step.title, after(step.due, span))
        for place, step in enumerate(obligation.milestones, start=1)
    )
    due = after(obligation.due, span)
    return (
        msgspec.structs.replace(
            obligation, id=obligation_id, due=due, status="open", settled_on=None, milestones=steps
        ),
    )


def _get(agreement: Agreement, obligation_id: str) -> Obligation:
    for obligation in agreement.obligations:
        if obligation.id == obligation_id:
            return obligation
    raise Problem("not_found", f"{agreement.id} has no obligation {obligation_id}.")


def _replace(agreement: Agreement, obligation: Obligation, *more: Obligation) -> Agreement:
    rows = tuple(obligation if row.id == obligation.id else row for row in agreement.obligations)
    return msgspec.structs.replace(agreement, obligations=(*rows, *more))
