"""Decision tables: the first row that applies wins, and what is not known decides nothing."""

from __future__ import annotations

import datetime
import itertools

import pytest

from clmkit.mapping.model import Owner, PrecedenceRow, Window
from clmkit.mapping.precedence import Circumstances, covers, find_winner, is_open, possible_winners

CLM, SALESFORCE = Owner.CLM, Owner.SALESFORCE
END = datetime.date(2026, 12, 31)
LAST_QUARTER = Window(field="end", before=True, days=90)
STATES = ("draft", "active")
ROWS = (
    PrecedenceRow(states=("draft",), wins=SALESFORCE),
    PrecedenceRow(states=("active",), wins=SALESFORCE, roles=("officers",), window=LAST_QUARTER),
    PrecedenceRow(states=("active",), wins=CLM),
)
OFFICER, READER = frozenset({"officers"}), frozenset({"readers"})


@pytest.mark.parametrize(
    ("state", "roles", "today", "winner"),
    [
        ("draft", None, None, SALESFORCE),
        ("active", OFFICER, datetime.date(2026, 12, 1), SALESFORCE),
        ("active", OFFICER, datetime.date(2026, 10, 2), SALESFORCE),
        ("active", OFFICER, datetime.date(2026, 10, 1), CLM),
        ("active", OFFICER, datetime.date(2027, 1, 1), CLM),
        ("active", READER, datetime.date(2026, 12, 1), CLM),
        ("active", READER, None, CLM),
        ("active", None, datetime.date(2026, 12, 1), None),
        ("active", OFFICER, None, None),
        ("gone", OFFICER, datetime.date(2026, 12, 1), None),
        (None, OFFICER, datetime.date(2026, 12, 1), None),
    ],
)
def test_who_wins(state: str | None, roles: frozenset[str] | None, today: datetime.date | None, winner: Owner) -> None:
    assert find_winner(ROWS, Circumstances(state, roles, {"end": END}, today)) is winner


def test_a_record_without_the_date_lies_in_no_window() -> None:
    facts = Circumstances("active", OFFICER, {"end": None}, datetime.date(2026, 12, 1))
    assert find_winner(ROWS, facts) is CLM


@pytest.mark.parametrize(
    ("window", "days", "expected"),
    [
        (Window(field="end", before=True, days=2), (-1, 0, 2, 3), (False, True, True, False)),
        (Window(field="end", before=False, days=2), (1, 0, -1, -2), (False, True, True, False)),
    ],
)
def test_a_window_has_so_many_days(window: Window, days: tuple[int, ...], expected: tuple[bool, ...]) -> None:
    """`days` until the date; a window before counts both ends, one after begins with the day itself."""
    today = datetime.date(2026, 6, 15)
    assert tuple(is_open(window, today + datetime.timedelta(days=away), today) for away in days) == expected


def test_the_possible_winners_are_all_winners_over_every_role_and_day() -> None:
    for state in STATES:
        every = {
            find_winner(ROWS, Circumstances(state, roles, {"end": END}, END - datetime.timedelta(days=days)))
            for roles, days in itertools.product((OFFICER, READER, frozenset[str]()), range(-200, 200, 7))
        }
        assert possible_winners(ROWS, state) == every


def test_what_is_unknown_never_gives_an_answer_that_knowing_more_takes_back() -> None:
    for state, roles, days in itertools.product(STATES, (OFFICER, READER), range(-100, 200, 9)):
        today = END - datetime.timedelta(days=days)
        known = find_winner(ROWS, Circumstances(state, roles, {"end": END}, today))
        for less in (
            Circumstances(state),
            Circumstances(state, roles),
            Circumstances(state, None, {"end": END}, today),
        ):
            assert find_winner(ROWS, less) in (None, known)


@pytest.mark.parametrize(
    ("earlier", "later", "expected"),
    [
        (ROWS[2], ROWS[1], True),
        (ROWS[1], ROWS[2], False),
        (ROWS[0], ROWS[2], False),
        (
            PrecedenceRow(states=STATES, wins=CLM, roles=("a", "b")),
            PrecedenceRow(states=("draft",), wins=CLM, roles=("a",)),
            True,
        ),
        (PrecedenceRow(states=STATES, wins=CLM, roles=("a",)), PrecedenceRow(states=("draft",), wins=CLM), False),
    ],
)
def test_whether_a_row_leaves_nothing_to_a_later_one(
    earlier: PrecedenceRow, later: PrecedenceRow, expected: bool
) -> None:
    assert covers(earlier, later) is expected
