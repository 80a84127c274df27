"""Signature envelopes: who signs, and the events that tell how far each is.

Events come late, twice and out of order. Each status has a rank; an event that is not further than what is known changes nothing,
so the order of arrival does not matter. An envelope is completed when every signatory has signed, or when its own event says so.
"""

from __future__ import annotations

import msgspec

from clmtwin import identifiers
from clmtwin.model import Agreement, Email, Signatory, Signature, Text
from clmtwin.problem import Problem

RANK = {"sent": 0, "delivered": 1, "declined": 2, "completed": 2, "voided": 2}
UNDER_WAY = ("sent", "delivered")


class SignatoryOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    email: Email
    name: Text | None = None
    order: int = 1


def send(agreement: Agreement, signatories: tuple[SignatoryOrder, ...]) -> Agreement:
    last = agreement.signature
    if last is not None and last.status in UNDER_WAY:
        raise Problem("signature_pending", f"{last.envelope_id} is {last.status}; void it before another is sent.")
    emails = [one.email for one in signatories]
    if len(set(emails)) != len(emails):
        raise Problem("invalid", f"A signatory is named twice among {', '.join(emails)}.")
    number = 1 if last is None else int(last.envelope_id.rsplit("-", 1)[1]) + 1
    signs = tuple(Signatory(one.email, one.name, one.order) for one in sorted(signatories, key=lambda one: one.order))
    envelope = Signature(identifiers.child_id("ENV", agreement.id, number), "sent", signs)
    return msgspec.structs.replace(agreement, signature=envelope)


def note(agreement: Agreement, status: str, signatory: str | None) -> Agreement:
    """The agreement with one event taken: of the envelope, or of one signatory of it."""
    envelope = agreement.signature
    if envelope is None:
        raise Problem("not_found", f"{agreement.id} has no envelope.")
    if status not in RANK:
        raise Problem("invalid", f"An envelope is {', '.join(RANK)}, not {status!r}.")
    noted = _advance(envelope, status) if signatory is None else _note_signatory(envelope, status, signatory)
    return agreement if noted == envelope else msgspec.structs.replace(agreement, signature=noted)


def void(agreement: Agreement) -> Agreement:
    """Nobody can sign any more: what was sent is for another text."""
    envelope = agreement.signature
    if envelope is None or envelope.status not in UNDER_WAY:
        return agreement
    return msgspec.structs.replace(agreement, signature=_advance(envelope, "voided"))


def require_completed(agreement: Agreement) -> None:
    """An agreement that never had an envelope was signed on paper."""
    envelope = agreement.signature
    if envelope is not None and envelope.status != "completed":
        raise Problem("signature_pending", f"{envelope.envelope_id} is {envelope.status}, not completed.")


def _note_signatory(envelope: Signature, status: str, email: str) -> Signature:
    if status == "voided":
        raise Problem("invalid", "An envelope is voided as a whole; leave the signatory out.")
    if email not in {one.email for one in envelope.signatories}:
        raise Problem("not_found", f"{envelope.envelope_id} has no signatory {email}.")
    signs = tuple(
        msgspec.structs.replace(one, status=status) if one.email == email and RANK[status] > RANK[one.status] else one
        for one in envelope.signatories
    )
    noted = msgspec.structs.replace(envelope, signatories=signs)
    if any(one.status == "declined" for one in signs):
        return _advance(noted, "declined")
    if all(one.status == "completed" for one in signs):
        return _advance(noted, "completed")
    return _advance(noted, "delivered") if any(RANK[one.status] for one in signs) else noted


def _advance(envelope: Signature, status: str) -> Signature:
    further = RANK[status] > RANK[envelope.status]
    return msgspec.structs.replace(envelope, status=status) if further else envelope
