"""The documents that the CLM keeps and answers with. Every struct refuses unknown members, so a misspelt field is an error.

Terms are text: a migrated agreement keeps what was captured ("perpetual", "[]/[]/2020"), a new one carries ISO dates.
Money is decimal text. Clauses and approvals belong to the CLM alone.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import msgspec

from clmtwin.lifecycle import Stage

Text = Annotated[str, msgspec.Meta(max_length=4000)]
DecimalText = Annotated[str, msgspec.Meta(pattern=r"^-?\d{1,16}(\.\d{1,6})?$")]
Email = Annotated[str, msgspec.Meta(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)]
Sha256 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]


Side = Literal["our_side", "counterparty"]
Recurrence = Literal["monthly", "quarterly", "yearly"]


class Closed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """Base of every struct below: immutable, closed."""


class Contact(Closed, frozen=True):
    id: str
    name: Text | None = None
    email: Email | None = None


class Counterparty(Closed, frozen=True):
    id: str
    name: Text
    contact: Contact | None = None


class Owner(Closed, frozen=True):
    email: Email
    name: Text | None = None


class Term(Closed, frozen=True):
    signed: Text | None = None
    start: Text | None = None
    end: Text | None = None


class Renewal(Closed, frozen=True):
    type: Literal["auto", "manual", "none", "evergreen"] | None = None
    term: Text | None = None
    notice: Text | None = None
    date: Text | None = None


class Value(Closed, frozen=True):
    currency: Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{3}$")]
    total: DecimalText | None = None
    arr: DecimalText | None = None


class Signatory(Closed, frozen=True):
    """Who signs, in routing order: those of equal order sign side by side."""

    email: Email
    name: Text | None = None
    order: int = 1
    status: Literal["sent", "delivered", "completed", "declined"] = "sent"


class Signature(Closed, frozen=True):
    envelope_id: str
    status: Literal["sent", "delivered", "completed", "declined", "voided"]
    signatories: tuple[Signatory, ...] = ()


class DocumentLink(Closed, frozen=True):
    """Where the document is and what its bytes hash to. The bytes stay here: GET /api/v1/documents/{id}/content."""

    id: str
    file_name: Text
    url: Annotated[str, msgspec.Meta(max_length=255)]
    sha256: Sha256
    kind: Literal["executed", "draft", "exhibit"] = "executed"


class Clause(Closed, frozen=True):
    type: Text
    present: bool
    deviation: Text | None = None


class Party(Closed, frozen=True):
    id: str
    name: Text
    role: Literal["counterparty", "our_side", "other"]


class Line(Closed, frozen=True):
    id: str
    product: Text
    quantity: DecimalText
    unit_price: DecimalText
    amount: DecimalText


class Amendment(Closed, frozen=True):
    id: str
    summary: Text
    effective: Text


class Approval(Closed, frozen=True):
    """`waiting` until every lower step is approved; `rule` names the row of the approval matrix that asked."""

    id: str
    approver: Email
    decision: Literal["waiting", "pending", "approved", "rejected", "withdrawn"] = "pending"
    step: int = 1
    rule: Text | None = None
    decided_by: Text | None = None


class Milestone(Closed, frozen=True):
    """A dated step of an obligation."""

    id: str
    title: Text
    due: date
    done: bool = False


class Obligation(Closed, frozen=True):
    """A duty after signing. One that recurs is followed by the next when it is fulfilled or waived."""

    id: str
    title: Text
    responsible: Side
    due: date
    owner: Owner | None = None
    recurs: Recurrence | None = None
    status: Literal["open", "overdue", "fulfilled", "waived"] = "open"
    settled_on: date | None = None
    milestones: tuple[Milestone, ...] = ()


class Notice(Closed, frozen=True):
    """What one side told the other: that it will not renew, or that it ends the agreement on a day."""

    id: str
    kind: Literal["non_renewal", "termination"]
    by: Side
    given: date
    effective: date


class Agreement(Closed, frozen=True):
    id: str
    revision: int
    stage: Stage
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=4000)]
    contract_type: Text
    updated_at: str
    updated_by: str
    counterparty: Counterparty | None = None
    business_owner: Owner | None = None
    term: Term = Term()
    renewal: Renewal | None = None
    value: Value | None = None
    governing_law: Text | None = None
    signature: Signature | None = None
    document: DocumentLink | None = None
    clauses: tuple[Clause, ...] = ()
    parties: tuple[Party, ...] = ()
    lines: tuple[Line, ...] = ()
    documents: tuple[DocumentLink, ...] = ()
    approvals: tuple[Approval, ...] = ()
    obligations: tuple[Obligation, ...] = ()
    notices: tuple[Notice, ...] = ()
    amends: str | None = None
    renews: str | None = None
    amendments: tuple[Amendment, ...] = ()


class Change(Closed, frozen=True):
    """One committed change: the event that the feed and the webhooks carry, with the agreement as it was after it."""

    event_id: str
    sequence: int
    type: str
    agreement_id: str
    revision: int
    occurred_at: str
    actor: str
    agreement: msgspec.Raw


class Person(Closed, frozen=True):
    id: str
    name: str | None
    email: str | None


class CounterpartyEntry(Closed, frozen=True):
    id: str
    name: str
