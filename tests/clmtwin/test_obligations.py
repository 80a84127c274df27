"""Duties after signing."""

from datetime import date
from typing import Any

import pytest

from clmtwin import agreements, obligations
from clmtwin.model import Agreement
from clmtwin.problem import Problem

REPORT = {"title": "Report", "responsible": "our_side", "due": "2026-01-31"}
STEP = {"id": "OBL-000007-1-1", "title": "Draft it", "due": "2026-01-15"}
TODAY = date(2026, 2, 1)


def signed(**fields: Any) -> Agreement:
    body = {"title": "Supply", "obligations": [{**REPORT, **fields}]}
    agreement = agreements.create(7, body, lambda _: None)
    for stage in ("NEGOTIATION", "APPROVAL", "EXECUTED"):
        agreement = agreements.move(agreement, stage)
    return agreement


def test_a_duty_is_open_until_its_day_has_passed() -> None:
    assert obligations.note_overdue(signed(), date(2026, 1, 31)).obligations[0].status == "open"
    assert obligations.note_overdue(signed(), TODAY).obligations[0].status == "overdue"


def test_a_duty_of_a_draft_is_not_overdue() -> None:
    draft = agreements.create(7, {"title": "Supply", "obligations": [REPORT]}, lambda _: None)
    assert obligations.note_overdue(draft, TODAY) == draft


RECURRENCES = {"monthly": "2026-02-28", "quarterly": "2026-04-30", "yearly": "2027-01-31"}


@pytest.mark.parametrize(("recurs", "due"), RECURRENCES.items())
@pytest.mark.parametrize("status", ["fulfilled", "waived"])
def test_a_duty_that_recurs_is_followed_by_the_next(recurs: str, due: str, status: str) -> None:
    settled = obligations.settle(signed(recurs=recurs), "OBL-000007-1", status, TODAY)
    first, second = settled.obligations
    assert (first.status, first.settled_on) == (status, TODAY)
    assert (second.id, second.status, second.due.isoformat()) == ("OBL-000007-2", "open", due)


def test_a_duty_is_fulfilled_when_its_milestones_are_done() -> None:
    agreement = signed(milestones=[STEP], recurs="monthly")
    with pytest.raises(Problem, match="OBL-000007-1 waits for OBL-000007-1-1"):
        obligations.settle(agreement, "OBL-000007-1", "fulfilled", TODAY)
    done = obligations.finish_milestone(agreement, "OBL-000007-1", "OBL-000007-1-1")
    settled = obligations.settle(done, "OBL-000007-1", "fulfilled", TODAY)
    (next_step,) = settled.obligations[1].milestones
    assert (next_step.id, next_step.due, next_step.done) == ("OBL-000007-2-1", date(2026, 2, 15), False)


def test_a_duty_may_come_up_after_signing() -> None:
    order = obligations.ObligationOrder("Audit", "counterparty", TODAY)
    assert obligations.add(signed(), order).obligations[1].id == "OBL-000007-2"


REFUSED: dict[str, tuple[Agreement, str, str, str]] = {
    "not settled so": (signed(), "OBL-000007-1", "done", "An obligation becomes fulfilled or waived, not 'done'."),
    "not there": (signed(), "OBL-000007-9", "waived", "AGR-000007 has no obligation OBL-000007-9."),
    "settled before": (
        obligations.settle(signed(), "OBL-000007-1", "waived", TODAY),
        "OBL-000007-1",
        "fulfilled",
        "OBL-000007-1 was waived on 2026-02-01.",
    ),
    "not signed": (
        agreements.create(7, {"title": "Supply", "obligations": [REPORT]}, lambda _: None),
        "OBL-000007-1",
        "waived",
        "AGR-000007 is DRAFT; duties are settled after signing.",
    ),
}


@pytest.mark.parametrize(("agreement", "obligation_id", "status", "says"), REFUSED.values(), ids=list(REFUSED))
def test_a_settlement_that_cannot_be_is_refused(
    agreement: Agreement, obligation_id: str, status: str, says: str
) -> None:
    with pytest.raises(Problem) as refusal:
        obligations.settle(agreement, obligation_id, status, TODAY)
    assert refusal.value.detail == says


def test_a_day_that_does_not_exist_is_refused() -> None:
    with pytest.raises(Problem) as refusal:
        agreements.create(7, {"title": "Supply", "obligations": [{**REPORT, "due": "2026-02-30"}]}, lambda _: None)
    assert refusal.value.detail == "Invalid RFC3339 encoded date - at `$.obligations[0].due`."
