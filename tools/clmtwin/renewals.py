"""How an agreement goes on after its term, and how it ends: extension, successor, co-term, notice, and what each night brings.

What each kind of renewal does when the term is over:
- `auto`: runs on by the renewal term unless notice was given in time; without one plain span as its term it expires, for a person
  to renew;
- `evergreen`: runs on without end until notice of termination;
- `manual`, `none`, not said: expires.
A notice of non-renewal counts when it is given at least the notice period before the end; the last day counts.
"""

from __future__ import annotations

from datetime import date

import msgspec

from clmtwin import identifiers
from clmtwin.lifecycle import Stage
from clmtwin.model import Agreement, Notice, Side
from clmtwin.periods import Period, after, before, find_period, find_plain_date
from clmtwin.problem import Problem

RENEWABLE = (Stage.ACTIVE, Stage.EXPIRED)


def extend(agreement: Agreement, end: str) -> Agreement:
    """Renew by extension: the same agreement runs on, an expired one is active again."""
    _require_renewable(agreement)
    term = msgspec.structs.replace(agreement.term, end=end)
    return msgspec.structs.replace(agreement, stage=Stage.ACTIVE, term=term)


def co_term_end(agreement: Agreement, other: Agreement) -> str:
    """The end that `agreement` takes over from another agreement with the same counterparty."""
    if other.stage is not Stage.ACTIVE:
        raise Problem("illegal_transition", f"{other.id} is {other.stage}; terms are aligned to an ACTIVE agreement.")
    ours = agreement.counterparty.id if agreement.counterparty else None
    theirs = other.counterparty.id if other.counterparty else None
    if ours is None or ours != theirs:
        raise Problem("invalid", f"{agreement.id} and {other.id} have different counterparties.")
    end, current = find_plain_date(other.term.end), find_plain_date(agreement.term.end)
    if end is None or (current is not None and end <= current):
        raise Problem("invalid", f"{other.id} ends {other.term.end!r}, not after {agreement.term.end!r}.")
    return end.isoformat()


def successor(agreement: Agreement, number: int, start: str | None, end: str) -> Agreement:
    """Renew by a new agreement, linked to this one, that starts its own life as a draft."""
    _require_renewable(agreement)
    new_id = identifiers.agreement_id(number)
    parties = tuple(
        msgspec.structs.replace(party, id=identifiers.child_id("PTY", new_id, ordinal))
        for ordinal, party in enumerate(agreement.parties, start=1)
    )
    lines = tuple(
        msgspec.structs.replace(line, id=identifiers.child_id("LIN", new_id, ordinal))
        for ordinal, line in enumerate(agreement.lines, start=1)
    )
    term = msgspec.structs.replace(agreement.term, signed=None, start=start, end=end)
    return msgspec.structs.replace(
        agreement, id=new_id, revision=0, stage=Stage.DRAFT, renews=agreement.id, term=term, parties=parties, lines=lines,
        signature=None, document=None, documents=(), approvals=(), amendments=(), obligations=(), notices=(), amends=None,
    )  # fmt: skip


def give_notice(agreement: Agreement, kind: str, by: Side, effective: date | None, today: date) -> Agreement:
    """Record a notice that counts. Raises Problem for one that is too late, or for an agreement that is not in effect."""
    if agreement.stage is not Stage.ACTIVE:
        raise Problem("illegal_transition", f"{agreement.id} is {agreement.stage}; notice is given while it is ACTIVE.")
    if kind not in _ENDS:
        raise Problem("invalid", f"A notice is of {' or '.join(_ENDS)}, not {kind!r}.")
    if any(notice.kind == kind for notice in agreement.notices):
        raise Problem("notice_given", f"{agreement.id} has a notice of {kind} already.")
    ends = _ENDS[kind](agreement, effective, today)
    notice_id = identifiers.child_id("NOT", agreement.id, len(agreement.notices) + 1)
    notice = msgspec.convert({"id": notice_id, "kind": kind, "by": by, "given": today, "effective": ends}, Notice)
    return msgspec.structs.replace(agreement, notices=(*agreement.notices, notice))


def end_of_term(agreement: Agreement, today: date) -> Agreement:
    """The agreement as this day finds it: ended by notice, renewed, expired, or as it was."""
    if agreement.stage is not Stage.ACTIVE:
        return agreement
    ended = [notice for notice in agreement.notices if notice.kind == "termination" and notice.effective < today]
    if ended:
        end = min(notice.effective for notice in ended).isoformat()
        term = msgspec.structs.replace(agreement.term, end=end)
        return msgspec.structs.replace(agreement, stage=Stage.TERMINATED, term=term)
    end_date = find_plain_date(agreement.term.end)
    kind = agreement.renewal.type if agreement.renewal else None
    if end_date is None or end_date >= today or kind == "evergreen":
        return agreement
    period = _renewal_period(agreement)
    if period is None:
        return msgspec.structs.replace(agreement, stage=Stage.EXPIRED)
    while end_date < today:
        end_date = after(end_date, period)
    return extend(agreement, end_date.isoformat())


def _renewal_period(agreement: Agreement) -> Period | None:
    """The span by which it runs on; None when it does not."""
    renewal = agreement.renewal
    told = any(notice.kind == "non_renewal" for notice in agreement.notices)
    return find_period(renewal.term) if renewal is not None and renewal.type == "auto" and not told else None


def _end_of_non_renewal(agreement: Agreement, effective: date | None, today: date) -> date:
    if effective is not None:
        raise Problem("invalid", "A notice of non_renewal takes effect with the end of the term; leave effective out.")
    end = find_plain_date(agreement.term.end)
    if end is None or agreement.renewal is None or agreement.renewal.type != "auto":
        raise Problem("invalid", f"{agreement.id} does not renew by itself; there is nothing to give notice against.")
    period = find_period(agreement.renewal.notice)
    last_day = before(end, period) if period is not None else end
    if today > last_day:
        raise Problem("notice_too_late", f"Notice for {agreement.id} was due by {last_day}; it renews on {end}.")
    return end


def _end_of_termination(agreement: Agreement, effective: date | None, today: date) -> date:
    if effective is None:
        raise Problem("invalid", "A notice of termination names the day on which it takes effect.")
    period = find_period(agreement.renewal.notice) if agreement.renewal is not None else None
    earliest = after(today, period) if period is not None else today
    if effective < earliest:
        raise Problem("notice_too_late", f"{agreement.id} can end on {earliest} at the earliest, not on {effective}.")
    return effective


_ENDS = {"non_renewal": _end_of_non_renewal, "termination": _end_of_termination}


def _require_renewable(agreement: Agreement) -> None:
    if agreement.stage not in RENEWABLE:
        raise Problem("illegal_transition", f"{agreement.id} is {agreement.stage}; only ACTIVE or EXPIRED is renewed.")
