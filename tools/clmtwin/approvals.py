"""Who has to approve an agreement: by the rows of the approval matrix, step by step, or because somebody asked.

A row asks when nothing that is known speaks against it: an agreement without a value, or with one in another currency, is asked
for under every threshold, because an amount that cannot be compared must not slip past an approver.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Annotated

import msgspec

from clmtwin import identifiers
from clmtwin.lifecycle import Stage
from clmtwin.model import Agreement, Approval, Closed, DecimalText, Email, Text
from clmtwin.problem import Problem

OPEN = ("pending", "waiting")


class MatrixRow(Closed, frozen=True):
    """One rule: empty conditions hold for every agreement. `total_from` is included, `total_below` is not."""

    name: Text
    approver: Email
    step: Annotated[int, msgspec.Meta(ge=1, le=20)] = 1
    contract_types: tuple[Text, ...] = ()
    governing_laws: tuple[Text, ...] = ()
    currency: Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{3}$")] | None = None
    total_from: DecimalText | None = None
    total_below: DecimalText | None = None


class Matrix(Closed, frozen=True):
    rows: Annotated[tuple[MatrixRow, ...], msgspec.Meta(max_length=200)] = ()


def require_sound(matrix: Matrix) -> None:
    """Raises Problem for a row that could never ask, or whose threshold has no currency, or a name used twice."""
    seen: set[str] = set()
    for row in matrix.rows:
        if row.name in seen:
            raise Problem("invalid", f"Two rows are called {row.name!r}; an approval names the row that asked for it.")
        seen.add(row.name)
        if (row.total_from or row.total_below) and row.currency is None:
            raise Problem("invalid", f"Row {row.name!r} has a threshold without a currency.")
        if row.total_from and row.total_below and Decimal(row.total_from) >= Decimal(row.total_below):
            raise Problem(
                "invalid", f"Row {row.name!r} can never ask: {row.total_from} is not below {row.total_below}."
            )


def asks(row: MatrixRow, agreement: Agreement) -> bool:
    return (
        _is_among(agreement.contract_type, row.contract_types)
        and (agreement.governing_law is None or _is_among(agreement.governing_law, row.governing_laws))
        and _is_in_range(row, agreement)
    )


def ask_by_matrix(agreement: Agreement, rows: Iterable[MatrixRow]) -> Agreement:
    """A round of approvals for an agreement that has just come to APPROVAL; without a row that asks, none is needed."""
    asked = sorted((row for row in rows if asks(row, agreement)), key=lambda row: row.step)
    first = len(agreement.approvals) + 1
    new = [
        Approval(identifiers.child_id("APR", agreement.id, number), row.approver, "waiting", row.step, row.name)
        for number, row in enumerate(asked, start=first)
    ]
    return _with(agreement, [*agreement.approvals, *new])


def ask(agreement: Agreement, approver: str) -> Agreement:
    """Ask one more person, next to whoever is asked already."""
    if agreement.stage is not Stage.APPROVAL:
        raise Problem(
            "illegal_transition", f"{agreement.id} is {agreement.stage}; approvals are asked for in APPROVAL."
        )
    step = min((approval.step for approval in agreement.approvals if approval.decision in OPEN), default=1)
    approval_id = identifiers.child_id("APR", agreement.id, len(agreement.approvals) + 1)
    return _with(agreement, [*agreement.approvals, Approval(approval_id, approver, "waiting", step)])


def decide(agreement: Agreement, approval_id: str, decision: str, by: str) -> Agreement:
    """The agreement with one approval decided. What a rejection does to the stage is the caller's."""
    if decision not in ("approved", "rejected"):
        raise Problem("invalid", f"A decision is approved or rejected, not {decision!r}.")
    found = next((approval for approval in agreement.approvals if approval.id == approval_id), None)
    if found is None:
        raise Problem("not_found", f"{agreement.id} has no approval {approval_id}.")
    if found.decision != "pending":
        raise Problem("approval_closed", f"{approval_id} is {found.decision}; only a pending approval is decided.")
    decided = Approval(found.id, found.approver, decision, found.step, found.rule, by)  # type: ignore[arg-type]
    return _with(agreement, [decided if approval.id == approval_id else approval for approval in agreement.approvals])


def withdraw(agreement: Agreement) -> Agreement:
    """Nobody is asked any more: the agreement went back, what was decided stays as history."""
    return msgspec.structs.replace(
        agreement,
        approvals=tuple(
            msgspec.structs.replace(approval, decision="withdrawn") if approval.decision in OPEN else approval
            for approval in agreement.approvals
        ),
    )


def require_approved(agreement: Agreement) -> None:
    waiting = [approval.approver for approval in agreement.approvals if approval.decision in OPEN]
    if waiting:
        raise Problem("approval_pending", f"{agreement.id} waits for the approval of {', '.join(waiting)}.")


def _with(agreement: Agreement, approvals: Sequence[Approval]) -> Agreement:
    """The lowest open step is pending, later ones wait."""
    step = min((approval.step for approval in approvals if approval.decision in OPEN), default=0)
    ordered = tuple(
        msgspec.structs.replace(approval, decision="pending")
        if approval.decision == "waiting" and approval.step == step
        else approval
        for approval in approvals
    )
    return msgspec.structs.replace(agreement, approvals=ordered)


def _is_among(value: str, allowed: Sequence[str]) -> bool:
    return not allowed or value in allowed


def _is_in_range(row: MatrixRow, agreement: Agreement) -> bool:
    value = agreement.value
    if row.currency is None or value is None or value.total is None or value.currency != row.currency:
        return True
    total = Decimal(value.total)
    above = row.total_from is None or total >= Decimal(row.total_from)
    return above and (row.total_below is None or total < Decimal(row.total_below))
