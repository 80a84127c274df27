"""How terms go on and end: what each kind of renewal does at the end of its term, notices, and terms that end together."""

from datetime import date
from typing import Any

import pytest

from clmtwin import agreements, renewals
from clmtwin.lifecycle import Stage
from clmtwin.model import Agreement
from clmtwin.problem import Problem

END = date(2026, 12, 31)


def active(number: int = 7, end: str = "2026-12-31", counterparty: str = "ACME", **renewal: Any) -> Agreement:
    body = {"title": "Supply", "counterparty": {"name": counterparty}, "term": {"end": end}}
    agreement = agreements.create(number, {**body, "renewal": renewal or None}, lambda _: None)
    for stage in ("NEGOTIATION", "APPROVAL", "EXECUTED", "ACTIVE"):
        agreement = agreements.move(agreement, stage)
    return agreement


AT_THE_END: dict[str, tuple[dict[str, Any], date, str, str]] = {
    "on the last day": ({}, date(2026, 12, 31), "ACTIVE", "2026-12-31"),
    "not said": ({}, date(2027, 1, 1), "EXPIRED", "2026-12-31"),
    "manual": ({"type": "manual"}, date(2027, 1, 1), "EXPIRED", "2026-12-31"),
    "evergreen": ({"type": "evergreen"}, date(2030, 1, 1), "ACTIVE", "2026-12-31"),
    "auto": ({"type": "auto", "term": "1 year"}, date(2027, 1, 1), "ACTIVE", "2027-12-31"),
    "auto, years later": ({"type": "auto", "term": "successive 1 year"}, date(2029, 6, 1), "ACTIVE", "2029-12-31"),
    "auto, a short month": ({"type": "auto", "term": "2 months"}, date(2027, 1, 1), "ACTIVE", "2027-02-28"),
    "auto, unclear term": ({"type": "auto", "term": "as agreed"}, date(2027, 1, 1), "EXPIRED", "2026-12-31"),
    "no plain end": ({"type": "manual", "end": "perpetual"}, date(2090, 1, 1), "ACTIVE", "perpetual"),
}


@pytest.mark.parametrize(("renewal", "today", "stage", "end"), AT_THE_END.values(), ids=list(AT_THE_END))
def test_the_kind_of_renewal_decides_the_end_of_the_term(
    renewal: dict[str, Any], today: date, stage: str, end: str
) -> None:
    agreement = renewals.end_of_term(active(**renewal), today)
    assert (agreement.stage, agreement.term.end) == (stage, end)
    assert renewals.end_of_term(agreement, today) == agreement


def test_notice_on_the_last_day_of_the_window_ends_an_agreement_that_renews() -> None:
    agreement = active(type="auto", term="1 year", notice="60 days")
    told = renewals.give_notice(agreement, "non_renewal", "counterparty", None, date(2026, 11, 1))
    assert (told.notices[0].id, told.notices[0].effective) == ("NOT-000007-1", END)
    assert renewals.end_of_term(told, date(2027, 1, 1)).stage is Stage.EXPIRED


def test_notice_of_termination_ends_an_evergreen_agreement_on_its_day() -> None:
    agreement = active(type="evergreen", notice="3 months")
    told = renewals.give_notice(agreement, "termination", "our_side", date(2026, 6, 1), date(2026, 3, 1))
    assert renewals.end_of_term(told, date(2026, 6, 1)).stage is Stage.ACTIVE
    ended = renewals.end_of_term(told, date(2026, 6, 2))
    assert (ended.stage, ended.term.end) == (Stage.TERMINATED, "2026-06-01")


AUTO: dict[str, Any] = {"type": "auto", "term": "1 year", "notice": "60 days"}
NO_NOTICE: dict[str, tuple[Agreement, str, date | None, date, str]] = {
    "a day late": (
        active(**AUTO), "non_renewal", None, date(2026, 11, 2),
        "Notice for AGR-000007 was due by 2026-11-01; it renews on 2026-12-31.",
    ),
    "too short": (
        active(type="evergreen", notice="3 months"), "termination", date(2026, 5, 31), date(2026, 3, 1),
        "AGR-000007 can end on 2026-06-01 at the earliest, not on 2026-05-31.",
    ),
    "nothing renews": (
        active(type="manual"), "non_renewal", None, date(2026, 1, 1),
        "AGR-000007 does not renew by itself; there is nothing to give notice against.",
    ),
    "no day": (active(), "termination", None, date(2026, 1, 1), "A notice of termination names the day on which it takes effect."),
    "a day too much": (
        active(**AUTO), "non_renewal", END, date(2026, 1, 1),
        "A notice of non_renewal takes effect with the end of the term; leave effective out.",
    ),
    "no kind": (active(), "regret", None, date(2026, 1, 1), "A notice is of non_renewal or termination, not 'regret'."),
    "twice": (
        renewals.give_notice(active(**AUTO), "non_renewal", "our_side", None, date(2026, 1, 1)),
        "non_renewal", None, date(2026, 1, 2), "AGR-000007 has a notice of non_renewal already.",
    ),
    "a draft": (
        agreements.create(7, {"title": "Supply"}, lambda _: None), "termination", END, date(2026, 1, 1),
        "AGR-000007 is DRAFT; notice is given while it is ACTIVE.",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("agreement", "kind", "effective", "today", "says"), NO_NOTICE.values(), ids=list(NO_NOTICE))
def test_a_notice_that_does_not_count_is_refused(
    agreement: Agreement, kind: str, effective: date | None, today: date, says: str
) -> None:
    with pytest.raises(Problem) as refusal:
        renewals.give_notice(agreement, kind, "our_side", effective, today)
    assert refusal.value.detail == says


def test_terms_are_aligned_to_the_later_end_of_another_agreement() -> None:
    assert renewals.co_term_end(active(7), active(8, "6/30/2028")) == "2028-06-30"


NOT_ALIGNED: dict[str, tuple[Agreement, str]] = {
    "another company": (active(8, "2028-06-30", "Beta"), "AGR-000007 and AGR-000008 have different counterparties."),
    "an earlier end": (active(8, "2026-06-30"), "AGR-000008 ends '2026-06-30', not after '2026-12-31'."),
    "no plain end": (active(8, "perpetual"), "AGR-000008 ends 'perpetual', not after '2026-12-31'."),
    "not in effect": (
        agreements.create(8, {"title": "Supply"}, lambda _: None),
        "AGR-000008 is DRAFT; terms are aligned to an ACTIVE agreement.",
    ),
}


@pytest.mark.parametrize(("other", "says"), NOT_ALIGNED.values(), ids=list(NOT_ALIGNED))
def test_terms_that_cannot_end_together_are_refused(other: Agreement, says: str) -> None:
    with pytest.raises(Problem) as refusal:
        renewals.co_term_end(active(7), other)
    assert refusal.value.detail == says
