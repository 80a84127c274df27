"""The inbox on SQLite and on PostgreSQL: every event once, every event with one outcome, the arithmetic exact."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clmkit.sync.database import StateError, Target
from clmkit.sync.inbox import InboxEvent, Settled
from clmkit.sync.state import Link, Parked, State

AT = "2026-11-22T00:00:00.000Z"
SETTLEMENT = ("first", "last", "outcome", "reason")


@pytest.fixture
def state(target: Target) -> Iterator[State]:
    opened = State(target)
    yield opened
    opened.close()


def event(number: int, agreement: str = "AGR-1") -> InboxEvent:
    return InboxEvent(f"E{number}", "clm", agreement, number, "user")


def add(state: State, *numbers: int) -> list[int]:
    with state.transaction():
        return [one.sequence for one in state.inbox.add([event(number) for number in numbers], AT)]


def settle(state: State, *sequences: int, outcome: str = "pushed") -> None:
    with state.transaction():
        state.inbox.settle([Settled(one, outcome, "") for one in sequences])


def settle_again(state: State, rows: int) -> None:
    with state.transaction():
        state.put_cursor("clm", "7")
        state.database.append("settlement", SETTLEMENT, [(first, first, "pushed", "") for first in range(rows, 0, -1)])


def waiting(state: State, limit: int = 100, after: int = 0) -> list[int]:
    return [one.sequence for one in state.inbox.read_waiting(limit, after)]


def test_an_event_is_taken_in_once_however_often_it_is_delivered(state: State) -> None:
    assert add(state, 1, 2, 2) == [1, 2]
    assert add(state, 2, 3, 1) == [3]
    assert state.inbox.count_outcomes() == {"waiting": 3}


@pytest.mark.parametrize("rows", [1, 50])
def test_a_transaction_that_cannot_be_kept_says_so_by_its_end_and_leaves_nothing(state: State, rows: int) -> None:
    settle(state, 1)
    with pytest.raises(StateError):
        settle_again(state, rows)
    assert state.get_cursor("clm") == ""
    settle(state, 2)
    assert state.database.execute("SELECT first FROM settlement ORDER BY first") == [(1,), (2,)]


@pytest.mark.parametrize("rows", [0, 1, 50])
def test_rows_appended_outside_a_transaction_are_there_at_once(state: State, rows: int) -> None:
    state.database.append("settlement", SETTLEMENT, [(one, one, "pushed", "") for one in range(rows)])
    assert state.database.execute("SELECT count(*) FROM settlement") == [(rows,)]


def test_what_no_settlement_covers_waits(state: State) -> None:
    add(state, *range(10))
    settle(state, 5, 6, 7)
    settle(state, 1, 2)
    assert waiting(state) == [3, 4, 8, 9, 10]
    assert waiting(state, limit=3) == [3, 4, 8]
    assert waiting(state, after=4) == [8, 9, 10]
    settle(state, 3, 4, outcome="parked")
    assert waiting(state) == [8, 9, 10]
    assert state.inbox.count_outcomes() == {"parked": 2, "pushed": 5, "waiting": 3}


def test_neighbours_with_one_outcome_are_one_row(state: State) -> None:
    add(state, *range(1000))
    settle(state, *range(1, 1001))
    assert state.database.execute("SELECT first, last, outcome FROM settlement") == [(1, 1000, "pushed")]


def test_the_outcome_of_an_event_is_found_by_its_id(state: State) -> None:
    add(state, 1, 2, 3)
    with state.transaction():
        state.inbox.settle([Settled(2, "parked", "no account")])
    assert state.inbox.find_outcome("E2") == Settled(2, "parked", "no account")
    assert state.inbox.find_outcome("E3") is None


def test_a_transaction_that_fails_leaves_nothing(state: State) -> None:
    with pytest.raises(TypeError), state.transaction():
        state.record(AT, "created", {"n": state.inbox.add([event(1)], AT)})
    assert state.inbox.count_outcomes() == {}


def test_a_link_is_what_was_put_last(state: State) -> None:
    first = Link("contract", "AGR-1", "AGR-1", "800A", 1, "", {"Title": "Supply"})
    second = Link("contract", "AGR-1", "AGR-1", "800A", 2, "m", {"Title": None}, {"AccountId": "001A"}, {"Title": 1})
    other = Link("party", "PTY-1", "AGR-1", "a01A", 2, "", {})
    with state.transaction():
        state.put_links([first])
        state.put_links([second, other])
    assert state.find_links_of_agreements(["AGR-1", "AGR-2"]) == [second, other]
    assert state.find_links_of_records(["800A"]) == {"800A": second}
    assert state.count_links() == {"contract": 1, "party": 1}


def test_what_is_parked_again_keeps_its_age_and_counts_its_attempts(state: State) -> None:
    row = Parked("contract", "AGR-1", "title", "AGR-1", "row", "x", "too long", "legal_ops")
    for at in ("2026-01-01", "2026-01-02"):
        with state.transaction():
            state.park([row], at)
    assert [(one.since, one.attempts) for one in state.read_parked(kind="row", code="long")] == [("2026-01-01", 2)]
    with state.transaction():
        state.resolve_parked(["AGR-1"], [], "2026-01-03")
    assert state.read_parked() == []


def test_the_audit_chain_goes_on_where_it_ended(state: State) -> None:
    for number in range(3):
        with state.transaction():
            state.record(AT, "created", {"n": number}, {"n": -number})
    entries = list(state.read_audit())
    assert [one.sequence for one in entries] == [1, 2, 3, 4, 5, 6]
    assert all(after.previous == before.hash for before, after in pairwise(entries))


@dataclass
class Model:
    """What the inbox has to say, kept in the plainest way."""

    outcomes: dict[int, str]

    def counts(self) -> dict[str, int]:
        names = list(self.outcomes.values())
        return {name: names.count(name) for name in sorted(set(names) - {"waiting"})} | (
            {"waiting": names.count("waiting")} if "waiting" in names else {}
        )


steps = st.lists(
    st.tuples(st.just("add"), st.integers(1, 5))
    | st.tuples(st.sampled_from(["pushed", "parked"]), st.sets(st.integers(0, 30), max_size=8)),
    max_size=12,
)


@given(script=steps)
def test_settled_and_waiting_add_up_whatever_the_order(script: list[tuple[str, int | set[int]]]) -> None:
    state, model = State(":memory:"), Model({})
    for name, argument in script:
        if isinstance(argument, int):
            numbers = range(len(model.outcomes), len(model.outcomes) + argument)
            model.outcomes |= dict.fromkeys(add(state, *numbers), "waiting")
            continue
        open_ones = sorted(one for one in argument if model.outcomes.get(one) == "waiting")
        settle(state, *open_ones, outcome=name)
        model.outcomes |= dict.fromkeys(open_ones, name)
    assert state.inbox.count_outcomes() == model.counts()
    assert waiting(state) == [one for one, outcome in model.outcomes.items() if outcome == "waiting"]
    state.close()
