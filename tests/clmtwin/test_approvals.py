"""The approval matrix: who is asked, in which order, and what a decision opens or closes."""

from typing import Any

import msgspec
import pytest

from clmtwin import agreements, approvals
from clmtwin.approvals import Matrix, MatrixRow
from clmtwin.lifecycle import Stage
from clmtwin.model import Agreement
from clmtwin.problem import Problem

LAWYER = MatrixRow("every paper", "lawyer@example.com")
CFO = MatrixRow("from 100k", "cfo@example.com", 2, currency="USD", total_from="100000")
CEO = MatrixRow("from 1m", "ceo@example.com", 3, currency="USD", total_from="1000000")
SMALL = MatrixRow("below 100k", "desk@example.com", 2, currency="USD", total_below="100000")
LICENSES = MatrixRow("licenses", "ip@example.com", 1, contract_types=("License Agreement",))
ENGLAND = MatrixRow("english law", "london@example.com", 1, governing_laws=("England",))
ROWS = (CEO, CFO, LAWYER, SMALL, LICENSES, ENGLAND)


def at_approval(**fields: Any) -> Agreement:
    body = {"title": "Supply", "contract_type": "Supply Agreement", "governing_law": "New York", **fields}
    draft = agreements.create(7, body, lambda _: None)
    return agreements.move(agreements.move(draft, "NEGOTIATION"), "APPROVAL", ROWS)


def usd(total: str) -> dict[str, Any]:
    return {"value": {"currency": "USD", "total": total}}


ASKED: dict[str, tuple[dict[str, Any], set[str]]] = {
    "a small one": (usd("99999.99"), {"every paper", "below 100k"}),
    "the threshold itself": (usd("100000"), {"every paper", "from 100k"}),
    "a large one": (usd("1000000.00"), {"every paper", "from 100k", "from 1m"}),
    "a license": ({**usd("1"), "contract_type": "License Agreement"}, {"every paper", "below 100k", "licenses"}),
    "another law": ({**usd("1"), "governing_law": "England"}, {"every paper", "below 100k", "english law"}),
    "no law said": ({**usd("1"), "governing_law": None}, {"every paper", "below 100k", "english law"}),
    "no value": ({}, {"every paper", "below 100k", "from 100k", "from 1m"}),
    "another currency": (
        {"value": {"currency": "EUR", "total": "1"}},
        {"every paper", "below 100k", "from 100k", "from 1m"},
    ),
}


@pytest.mark.parametrize(("fields", "rules"), ASKED.values(), ids=list(ASKED))
def test_every_row_that_nothing_speaks_against_asks_its_approver(fields: dict[str, Any], rules: set[str]) -> None:
    assert {approval.rule for approval in at_approval(**fields).approvals} == rules


def test_a_later_step_waits_until_the_one_before_is_approved() -> None:
    asked = at_approval(**usd("2000000"))
    assert [approval.decision for approval in asked.approvals] == ["pending", "waiting", "waiting"]
    first, second, third = (approval.id for approval in asked.approvals)
    with pytest.raises(Problem, match=f"{second} is waiting; only a pending approval is decided"):
        agreements.decide_approval(asked, second, "approved", "cfo")
    asked = agreements.decide_approval(asked, first, "approved", "lawyer")
    assert [approval.decision for approval in asked.approvals] == ["approved", "pending", "waiting"]
    with pytest.raises(Problem, match=r"waits for the approval of cfo@example\.com, ceo@example\.com"):
        agreements.send_envelope(asked)
    done = agreements.decide_approval(
        agreements.decide_approval(asked, second, "approved", "a"), third, "approved", "b"
    )
    assert agreements.move(done, "EXECUTED").stage is Stage.EXECUTED
    assert [approval.decided_by for approval in done.approvals] == ["lawyer", "a", "b"]


def test_a_rejection_withdraws_what_is_open_and_the_next_round_asks_anew() -> None:
    asked = at_approval(**usd("2000000"))
    back = agreements.decide_approval(asked, asked.approvals[0].id, "rejected", "lawyer")
    assert back.stage is Stage.NEGOTIATION
    assert [approval.decision for approval in back.approvals] == ["rejected", "withdrawn", "withdrawn"]
    again = agreements.move(back, "APPROVAL", ROWS)
    assert [approval.decision for approval in again.approvals[3:]] == ["pending", "waiting", "waiting"]
    assert len({approval.id for approval in again.approvals}) == 6


def test_a_person_may_be_asked_on_top_of_the_matrix() -> None:
    asked = approvals.ask(at_approval(**usd("2000000")), "more@example.com")
    assert [(one.approver, one.decision) for one in asked.approvals if one.decision == "pending"] == [
        ("lawyer@example.com", "pending"),
        ("more@example.com", "pending"),
    ]


UNSOUND: dict[str, tuple[tuple[MatrixRow, ...], str]] = {
    "one name twice": ((LAWYER, LAWYER), "Two rows are called 'every paper'; an approval names the row that asked"),
    "no currency": ((MatrixRow("x", "a@b", total_from="1"),), "Row 'x' has a threshold without a currency"),
    "an empty range": (
        (MatrixRow("x", "a@b", currency="USD", total_from="2", total_below="2"),),
        "Row 'x' can never ask: 2 is not below 2",
    ),
}


@pytest.mark.parametrize(("rows", "says"), UNSOUND.values(), ids=list(UNSOUND))
def test_a_matrix_with_a_row_that_cannot_work_is_refused(rows: tuple[MatrixRow, ...], says: str) -> None:
    with pytest.raises(Problem, match=says):
        approvals.require_sound(Matrix(rows))


def test_a_matrix_reads_as_it_is_written() -> None:
    matrix = Matrix(ROWS)
    approvals.require_sound(matrix)
    assert msgspec.json.decode(msgspec.json.encode(matrix), type=Matrix) == matrix
