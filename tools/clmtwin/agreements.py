"""What may be done with an agreement. Every function takes the agreement as it is and returns it as it will be, or raises Problem.

Nothing here reads a clock or a store: the caller commits the result and stamps it (`stamp`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from clmtwin import approvals, envelopes, identifiers
from clmtwin.approvals import MatrixRow
from clmtwin.envelopes import SignatoryOrder
from clmtwin.lifecycle import FIRST_STAGES, Stage, describe_moves, is_legal
from clmtwin.model import Agreement, Amendment, Person
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
    "obligations": "they are agreed with the agreement and settled through POST .../obligations/{id}",
    "notices": "they are given through POST .../notices",
    "amends": "it is set when the agreement is created",
    "renews": "it is set by POST .../renewals",
}
CREATE_ONLY = {"stage", "amends", "obligations"}
CHILD_KINDS = {"parties": "PTY", "lines": "LIN", "documents": "DOC", "obligations": "OBL", "clauses": None}


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


def move(agreement: Agreement, target: str, matrix: Sequence[MatrixRow] = ()) -> Agreement:
    """Coming to APPROVAL asks whom the matrix names; leaving it without a signature withdraws what was asked and sent."""
    if target not in Stage.__members__:
        raise Problem("invalid", f"{target!r} is not a stage; stages are {', '.join(Stage)}.")
    stage = Stage(target)
    if not is_legal(agreement.stage, stage):
        raise Problem(
            "illegal_transition",
            f"{agreement.id} cannot move {agreement.stage} -> {stage}: {describe_moves(agreement.stage)}.",
        )
    if stage is Stage.EXECUTED:
        approvals.require_approved(agreement)
        envelopes.require_completed(agreement)
    elif agreement.stage is Stage.APPROVAL:
        agreement = envelopes.void(approvals.withdraw(agreement))
    moved = msgspec.structs.replace(agreement, stage=stage)
    return approvals.ask_by_matrix(moved, matrix) if stage is Stage.APPROVAL else moved


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


def terminate(agreement: Agreement, effective: str) -> Agreement:
    terminated = move(agreement, Stage.TERMINATED)
    return msgspec.structs.replace(terminated, term=msgspec.structs.replace(terminated.term, end=effective))


def decide_approval(agreement: Agreement, approval_id: str, decision: str, by: str) -> Agreement:
    """A rejection sends the agreement back to negotiation."""
    decided = approvals.decide(agreement, approval_id, decision, by)
    back = decision == "rejected" and agreement.stage is Stage.APPROVAL
    return move(decided, Stage.NEGOTIATION) if back else decided


def send_envelope(agreement: Agreement, signatories: tuple[SignatoryOrder, ...] = ()) -> Agreement:
    if agreement.stage is not Stage.APPROVAL:
        raise Problem("illegal_transition", f"{agreement.id} is {agreement.stage}; an envelope is sent in APPROVAL.")
    approvals.require_approved(agreement)
    return envelopes.send(agreement, signatories)


def note_envelope(agreement: Agreement, status: str, signatory: str | None = None) -> Agreement:
    """An envelope that is completed executes the agreement; one that is declined or voided sends it back."""
    noted = envelopes.note(agreement, status, signatory)
    if noted.stage is not Stage.APPROVAL or noted.signature is None or noted == agreement:
        return noted
    target = _AFTER_ENVELOPE.get(noted.signature.status)
    return noted if target is None else move(noted, target)


_AFTER_ENVELOPE = {
    "completed": Stage.EXECUTED,
    "declined": Stage.NEGOTIATION,
    "voided": Stage.NEGOTIATION,
}


def stamp(agreement: Agreement, *, revision: int, at: str, by: str) -> Agreement:
    return msgspec.structs.replace(agreement, revision=revision, updated_at=at, updated_by=by)


def _require_writable(body: JsonObject, *, allowed: set[str]) -> None:
    for name in body:
        if name in READ_ONLY and name not in allowed:
            raise Problem("read_only_field", f"{name} cannot be written: {READ_ONLY[name]}.")


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
