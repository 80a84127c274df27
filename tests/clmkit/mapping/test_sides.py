"""Who is us: by the role that the CLM gives, or by our legal names; and every choice says why."""

from __future__ import annotations

from typing import Any

import pytest

from clmkit.mapping.model import OwnSide, OwnSideRule
from clmkit.mapping.sides import choose_sides, fold_name

BY_ROLE = OwnSideRule(how=OwnSide.ROLE, parties="parties", role="our_side", names=())
BY_NAMES = OwnSideRule(how=OwnSide.NAMES, parties="parties", role="", names=("Northstar, Inc.", "Northstar GmbH"))


def parties(*rows: tuple[str, str]) -> dict[str, Any]:
    return {"parties": [{"name": name, "role": role} for name, role in rows]}


@pytest.mark.parametrize(
    ("rule", "agreement", "us", "counterparty", "why"),
    [
        (
            BY_ROLE,
            parties(("Acme", "counterparty"), ("Us Ltd", "our_side")),
            ("Us Ltd",),
            "Acme",
            "Us Ltd is us: the CLM gives it the role our_side; Acme is the counterparty, the only other party",
        ),
        (
            BY_NAMES,
            parties(("NORTHSTAR INC", "x"), ("Acme", "x"), ("Beta", "x")),
            ("NORTHSTAR INC",),
            "Acme",
            "NORTHSTAR INC is us: it is one of our legal names; Acme is the counterparty, the first of 2 other parties",
        ),
        (
            BY_NAMES,
            parties(("Acme", "our_side")),
            (),
            "Acme",
            "nobody is us: no party has one of our legal names; Acme is the counterparty, the only other party",
        ),
        (
            BY_ROLE,
            parties(("Us", "our_side")),
            ("Us",),
            "",
            "Us is us: the CLM gives it the role our_side; no other party is named",
        ),
        (BY_ROLE, {}, (), "", "nobody is us: no party has the role our_side; no other party is named"),
    ],
)
def test_the_sides_of_an_agreement(
    rule: OwnSideRule, agreement: dict[str, Any], us: tuple[str, ...], counterparty: str, why: str
) -> None:
    sides = choose_sides(rule, agreement)
    assert (sides.us, sides.counterparty, sides.why) == (us, counterparty, why)


def test_a_choice_is_clear_with_us_and_one_other_side() -> None:
    assert choose_sides(BY_ROLE, parties(("Us", "our_side"), ("Acme", "other"))).is_clear
    assert not choose_sides(BY_ROLE, parties(("Us", "our_side"), ("Acme", "other"), ("Beta", "other"))).is_clear


def test_punctuation_and_case_do_not_count_in_a_name_but_every_word_does() -> None:
    assert fold_name("Northstar, Inc.") == fold_name("NORTHSTAR  INC")
    assert fold_name("Northstar GmbH") != fold_name("Northstar Inc")
