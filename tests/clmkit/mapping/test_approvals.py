"""Approval matrices: the row of an agreement, threshold edges, and a judgement that agrees with trying every amount."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from clmkit.mapping.approvals import describe, find_row, fits, judge
from clmkit.mapping.model import ApprovalFact, ApprovalMatrix, ApprovalRow, Hit, Range
from clmkit.mapping.values.outcome import Refusal


def row(name: str, low: int | None = None, high: int | None = None, risk: tuple[str, ...] = ()) -> ApprovalRow:
    spans = () if low is None and high is None else (("value", Range(at_least=low, below=high)),)
    values = (("risk", risk),) if risk else ()
    return ApprovalRow(name=name, ranges=spans, values=values, approvers=("legal",), within_hours=0)


def matrix(*rows: ApprovalRow, hit: Hit = Hit.ONLY) -> ApprovalMatrix:
    facts = (
        ApprovalFact(name="value", clm="value.total", values=(), currency="USD"),
        ApprovalFact(name="risk", clm="risk", values=("low", "high"), currency=""),
    )
    return ApprovalMatrix(state="approval", hit=hit, facts=facts, rows=rows)


WHOLE = matrix(row("small", high=50), row("low", low=50, risk=("low",)), row("high", low=50, risk=("high",)))


@pytest.mark.parametrize(
    ("total", "risk", "name"),
    [
        ("49.99", "low", "small"),
        ("50", "low", "low"),
        ("50.00", "high", "high"),
        ("50.01", "high", "high"),
        ("0", "high", "small"),
    ],
)
def test_a_threshold_belongs_to_the_range_that_begins_with_it(total: str, risk: str, name: str) -> None:
    found = find_row(WHOLE, {"value": {"total": total}, "risk": risk})
    assert isinstance(found, ApprovalRow)
    assert found.name == name


@pytest.mark.parametrize(
    ("agreement", "reason"),
    [
        ({"risk": "low"}, "value.total is nothing; the approval matrix needs a number."),
        ({"value": {"total": "much"}, "risk": "low"}, 'value.total is "much"; the approval matrix needs a number.'),
        ({"value": {"total": "NaN"}, "risk": "low"}, 'value.total is "NaN"; the approval matrix needs a number.'),
        ({"value": {"total": "1"}, "risk": "odd"}, 'risk is "odd"; the approval matrix knows low, high.'),
        ({"value": 7, "risk": "low"}, 'The CLM sends "7" where value.total needs a group of values.'),
    ],
)
def test_an_agreement_that_no_row_can_judge_says_why(agreement: dict[str, Any], reason: str) -> None:
    assert find_row(WHOLE, agreement) == Refusal(reason)


def test_a_whole_matrix_has_no_gap_no_overlap_and_no_row_too_many() -> None:
    judgement = judge(WHOLE)
    assert (judgement.gaps, judgement.overlaps, judgement.unreached) == ((), (), ())


def test_a_gap_an_overlap_and_an_unreached_row_are_shown_with_a_case() -> None:
    judgement = judge(
        matrix(row("small", high=50), row("medium", low=40, high=90, risk=("low",)), row("none", low=9, high=9))
    )
    assert describe(judgement.gaps[0]) == "value 50 and risk high"
    assert [(first, second, describe(case)) for first, second, case in judgement.overlaps] == [
        ("small", "medium", "value 40 and risk low")
    ]
    assert judgement.unreached == ("none",)


def test_read_from_the_top_a_row_behind_everything_is_never_reached() -> None:
    assert judge(matrix(row("all"), row("large", low=50), hit=Hit.FIRST)).unreached == ("large",)


@pytest.mark.parametrize("seed", range(40))
def test_the_judgement_agrees_with_trying_every_amount(seed: int) -> None:
    """Rows with bounds from a small stretch, and every amount of the stretch tried in steps of a half."""
    rows = tuple(
        row(
            f"r{place}",
            low=(seed * 7 + place * 5) % 9,
            high=(seed * 7 + place * 5) % 9 + 1 + (seed + place) % 6,
            risk=risk,
        )
        for place, risk in enumerate((("low",), ("high",), ("low", "high"), ()))
    )
    judgement = judge(matrix(*rows))
    cases = [{"value": Decimal(half) / 2, "risk": risk} for half in range(60) for risk in ("low", "high")]
    names = [[one.name for one in rows if fits(one, case)] for case in cases]
    assert bool(judgement.gaps) == any(not found for found in names)
    assert bool(judgement.overlaps) == any(len(found) > 1 for found in names)
    assert set(judgement.unreached) == {one.name for one in rows} - {name for found in names for name in found}
