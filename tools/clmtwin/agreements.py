"""What may be done with an agreement. Every function takes the agreement as it is and returns it as it will be, or raises Problem.

Nothing here reads a clock or a store: the caller commits the result and stamps it (`stamp`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from clmtwin import identifiers
from clmtwin.lifecycle import FIRST_STAGES, Stage, describe_moves, is_legal
from clmtwin.model import Agreement, Amendment, Approval, Person, Signature
from clmtwin.problem import Problem

JsonObject = dict[str, Any]
FindPerson = Callable[[str], Person | None]

READ_ONLY = {
    "id": "it is given by the service",
    "revision": "it is counted by the service",
    "stage": "it moves through POST .../transitions",
    "updated_at": "it is stamped by the service",
    "updated_by": "it is stamped by the service; send X-CLM-Client or X-CLM-User",
    "signature": "it follows the envelope's events",
    "approvals": "they are asked for through POST .../approvals",
    "amendments": "they are made through POST .../amendments",
    "amends": "it is set when the agreement is created",
    "renews": "it is set by POST .../renewals",
}
CREATE_ONLY = {"stage", "amends"}
CHILD_KINDS = {"parties": "PTY", "lines": "LIN", "documents": "DOC", "clauses": None}
ENVELOPE_RANK = {"sent": 0, "delivered": 1, "declined": 2, "completed": 2}


def create(number: int, body: JsonObject, find_person: FindPerson) -> Agreement:
    _require_writable(body, allowed=CREATE_ONLY)
    stage = body.get("stage", Stage.DRAFT)
    if stage not in FIRST_STAGES:
        raise Problem("invalid", f"A new agreement starts as {' or '.join(FIRST_STAGES)}, not {stage!r}.")
    agreement_id = identifiers.agreement_id(number)
    given = {
        "contract_type": body.get("title"),
        **{name: value for name, value in _identified(body).items() if value is not None},
    }
    fixed = {"id": agreement_id, "revision": 0, "stage": stage, "updated_at": "", "updated_by": ""}
    return _convert(_complete({**given, **fixed}, agreement_id, find_person))


def patch(agreement: Agreement, body: JsonObject, find_person: FindPerson) -> Agreement:
    """A JSON merge patch (RFC 7396): null removes, objects merge, lists replace. An equal result is no change."""
    _require_writable(body, allowed=set())
    merged = _merge(msgspec.to_builtins(agreement), _identified(body))
    return _convert(_complete(merged, agreement.id, find_person))


def move(agreement: Agreement, target: str) -> Agreement:
    if target not in Stage.__members__:
        raise Problem("invalid", f"{target!r} is not a stage; stages are {', '.join(Stage)}.")
    stage = Stage(target)
    if not is_legal(agreement.stage, stage):
        raise Problem(
            "illegal_transition",
            f"{agreement.id} cannot move {agreement.stage} -> {stage}: {describe_moves(agreement.stage)}.",
        )
    if stage is Stage.EXECUTED:
        _require_approved(agreement)
        _require_signed(agreement)
    return msgspec.structs.replace(agreement, stage=stage)


def amend(
    agreement: Agreement, summary: str, effective: str, changes: JsonObject, find_person: FindPerson
) -> Agreement:
    """Change an agreement in effect: the amendment is listed and its changes (a merge patch) apply at once."""
    if agreement.stage is not Stage.ACTIVE:
        raise Problem(
            "illegal_transition", f"{agreement.id} is {agreement.stage}; only an ACTIVE agreement is amended."
        )
    amendment = Amendment(
        id=identifiers.child_id("AMD", agreement.id, len(agreement.amendments) + 1),
        summary=summary,
        effective=effective,
    )
    changed = patch(agreement, changes, find_person) if changes else agreement
    return msgspec.structs.replace(changed, amendments=(*agreement.amendments, amendment))


def extend(agreement: Agreement, end: str) -> Agreement:
    """Renew by extension: the same agreement runs on, an expired one is active again."""
    if agreement.stage not in (Stage.ACTIVE, Stage.EXPIRED):
        raise Problem("illegal_transition", f"{agreement.id} is {agreement.stage}; only ACTIVE or EXPIRED is renewed.")
    return msgspec.structs.replace(agreement, stage=Stage.ACTIVE, term=msgspec.structs.replace(agreement.term, end=end))


def successor(agreement: Agreement, number: int, start: str | None, end: str) -> Agreement:
    """Renew by a new agreement, linked to this one, that starts its own life as a draft."""
    if agreement.stage not in (Stage.ACTIVE, Stage.EXPIRED):
        raise Problem("illegal_transition", f"{agreement.id} is {agreement.stage}; only ACTIVE or EXPIRED is renewed.")
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
        signature=None, document=None, documents=(), approvals=(), amendments=(), amends=None,
    )  # fmt: skip


def terminate(agreement: Agreement, effective: str) -> Agreement:
    terminated = move(agreement, Stage.TERMINATED)
    return msgspec.structs.replace(terminated, term=msgspec.structs.replace(terminated.term, end=effective))


def ask_approval(agreement: Agreement, approver: str) -> Agreement:
    if agreement.stage is not Stage.APPROVAL:
        raise Problem(
            "illegal_transition", f"{agreement.id} is {agreement.stage}; approvals are asked for in APPROVAL."
        )
    approval = Approval(id=identifiers.child_id("APR", agreement.id, len(agreement.approvals) + 1), approver=approver)
    return msgspec.structs.replace(agreement, approvals=(*agreement.approvals, approval))


def decide_approval(agreement: Agreement, approval_id: str, decision: str) -> Agreement:
    """A rejection sends the agreement back to negotiation."""
    if decision not in ("approved", "rejected"):
        raise Problem("invalid", f"A decision is approved or rejected, not {decision!r}.")
    if approval_id not in {approval.id for approval in agreement.approvals}:
        raise Problem("not_found", f"{agreement.id} has no approval {approval_id}.")
    approvals = [
        {**msgspec.to_builtins(approval), "decision": decision}
        if approval.id == approval_id
        else msgspec.to_builtins(approval)
        for approval in agreement.approvals
    ]
    decided = msgspec.structs.replace(agreement, approvals=tuple(msgspec.convert(approvals, list[Approval])))
    back = decision == "rejected" and agreement.stage is Stage.APPROVAL
    return move(decided, Stage.NEGOTIATION) if back else decided


def send_envelope(agreement: Agreement) -> Agreement:
    if agreement.stage is not Stage.APPROVAL:
        raise Problem("illegal_transition", f"{agreement.id} is {agreement.stage}; an envelope is sent in APPROVAL.")
    _require_approved(agreement)
    envelope = Signature(envelope_id=identifiers.child_id("ENV", agreement.id, 1), status="sent")
    return msgspec.structs.replace(agreement, signature=envelope)


def note_envelope(agreement: Agreement, status: str) -> Agreement:
    """Take an envelope event. Events arrive out of order: one that is not further than what is known changes nothing."""
    if agreement.signature is None:
        raise Problem("not_found", f"{agreement.id} has no envelope.")
    if status not in ENVELOPE_RANK:
        raise Problem("invalid", f"An envelope is {', '.join(ENVELOPE_RANK)}, not {status!r}.")
    if ENVELOPE_RANK[status] <= ENVELOPE_RANK[agreement.signature.status]:
        return agreement
    signature = msgspec.convert({"envelope_id": agreement.signature.envelope_id, "status": status}, Signature)
    noted = msgspec.structs.replace(agreement, signature=signature)
    if agreement.stage is not Stage.APPROVAL:
        return noted
    if status == "completed":
        return move(noted, Stage.EXECUTED)
    return move(noted, Stage.NEGOTIATION) if status == "declined" else noted


def stamp(agreement: Agreement, *, revision: int, at: str, by: str) -> Agreement:
    return msgspec.structs.replace(agreement, revision=revision, updated_at=at, updated_by=by)


def _require_writable(body: JsonObject, *, allowed: set[str]) -> None:
    for name in body:
        if name in READ_ONLY and name not in allowed:
            raise Problem("read_only_field", f"{name} cannot be written: {READ_ONLY[name]}.")


def _require_approved(agreement: Agreement) -> None:
    open_ones = [approval.approver for approval in agreement.approvals if approval.decision == "pending"]
    if open_ones:
        raise Problem("approval_pending", f"{agreement.id} waits for the approval of {', '.join(open_ones)}.")


def _require_signed(agreement: Agreement) -> None:
    if agreement.signature is not None and agreement.signature.status != "completed":
        raise Problem(
            "signature_pending", f"{agreement.signature.envelope_id} is {agreement.signature.status}, not completed."
        )


def _merge(target: JsonObject, change: Mapping[str, Any]) -> JsonObject:
    merged = dict(target)
    for name, value in change.items():
        current = merged.get(name)
        if isinstance(value, dict):
            merged[name] = _merge(current if isinstance(current, dict) else {}, value)
        else:
            merged[name] = value
    return merged


def _identified(body: JsonObject) -> JsonObject:
    """Give ids to what names itself: a counterparty by its name, a contact by its e-mail address."""
    counterparty = body.get("counterparty")
    if not isinstance(counterparty, dict):
        return body
    name, contact = counterparty.get("name"), counterparty.get("contact")
    if "id" not in counterparty and isinstance(name, str):
        counterparty = {"id": identifiers.counterparty_id(name), **counterparty}
    if isinstance(contact, dict) and "id" not in contact and isinstance(contact.get("email"), str):
        counterparty = {**counterparty, "contact": {"id": identifiers.person_id(contact["email"]), **contact}}
    return {**body, "counterparty": counterparty}


def _complete(document: JsonObject, agreement_id: str, find_person: FindPerson) -> JsonObject:
    """Fill in what the service knows: ids of child rows by their place, name and e-mail of a contact given by id."""
    document = dict(document)
    counterparty = document.get("counterparty")
    if isinstance(counterparty, dict) and isinstance(counterparty.get("contact"), dict):
        document["counterparty"] = {**counterparty, "contact": _complete_contact(counterparty["contact"], find_person)}
    if document.get("term", {}) is None:
        document["term"] = {}
    for name, kind in CHILD_KINDS.items():
        rows = document.get(name, [])
        document[name] = [] if rows is None else rows
        if kind is not None and isinstance(rows, list):
            document[name] = [_complete_row(kind, agreement_id, place, row) for place, row in enumerate(rows, start=1)]
    return document


def _complete_row(kind: str, agreement_id: str, place: int, row: Any) -> Any:
    return {"id": identifiers.child_id(kind, agreement_id, place), **row} if isinstance(row, dict) else row


def _complete_contact(contact: JsonObject, find_person: FindPerson) -> JsonObject:
    person_id, email = contact.get("id"), contact.get("email")
    if isinstance(email, str) and person_id == identifiers.person_id(email):
        return contact
    person = find_person(person_id) if isinstance(person_id, str) else None
    if person is None:
        raise Problem(
            "unknown_person", f"There is no person {person_id!r}; POST /api/v1/people first, or send an e-mail address."
        )
    return {"id": person.id, "name": person.name, "email": person.email}


def _convert(document: JsonObject) -> Agreement:
    try:
        return msgspec.convert(document, Agreement)
    except msgspec.ValidationError as error:
        raise Problem("invalid", f"{error}.") from error
