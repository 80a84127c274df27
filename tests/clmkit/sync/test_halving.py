"""A request that Salesforce refuses as a whole: the rows that it is due to are found and wait, the others go."""

import asyncio
import math
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.clmkit.sync.world import World

from clmkit.clients.errors import LoginFailed, Refused, Unexpected, Unfinished, Unreachable, WireError
from clmkit.clients.salesforce import Record, RowResult
from clmkit.sync.halving import MOST_REQUESTS, Answered, Told, may_be_of_rows, refuse_all, tell_apart
from clmkit.sync.redrive import Filter, apply_redrive, plan_redrive
from clmkit.sync.shipping import Way
from clmkit.sync.trouble import MOST_STOPS

WHERE = "Salesforce PATCH /services/data/v63.0/composite/sobjects/Contract/CLM_Id__c"
CRASH = Refused(WHERE, 500, "UNKNOWN_EXCEPTION", "An unexpected error occurred. ErrorId: 1-2")
SAVED = RowResult("800", created=False)
WHOLE: dict[str, WireError] = {
    "500": CRASH,
    "413": Refused(WHERE, 413, "HTTP_413", "<html>Request Entity Too Large</html>"),
    "431": Refused(WHERE, 431, "HTTP_431", ""),
    "400": Refused(WHERE, 400, "JSON_PARSER_ERROR", "Unexpected character"),
    "50 MB": Refused(
        WHERE, 400, "JSON_PARSER_ERROR", "Maximum size of request reached. Maximum size of request is 52428800 bytes."
    ),
    "too large, in Salesforce's words": Refused(WHERE, 413, "REQUEST_TOO_LARGE", "Maximum request size exceeded"),
    "403 of a firewall": Refused(WHERE, 403, "HTTP_403", "<html>Request blocked</html>"),
    "504": Refused(WHERE, 504, "SERVER_UNAVAILABLE", "Gateway Timeout"),
    "half an answer": Unexpected("Salesforce answered 200 with a body that does not read: it ends early"),
    "no answer": Unreachable("https://org/services/data", "ServerDisconnectedError"),
}
NOT_OF_ROWS: dict[str, WireError] = {
    "503": Refused(WHERE, 503, "SERVER_UNAVAILABLE", "Server too busy"),
    "429": Refused(WHERE, 429, "HTTP_429", ""),
    "the day's calls": Refused(WHERE, 403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
    "a field that is missing": Refused(WHERE, 400, "INVALID_FIELD", "No such column"),
    "the login": LoginFailed("refused"),
    "a job under way": Unfinished("The bulk job 750x is still InProgress"),
}


def told_apart(
    rows: int,
    poison: set[int],
    most: int = 1000,
    refusal: Callable[[int], list[RowResult]] = lambda n: refuse_all(CRASH, n),
) -> tuple[list[Answered[int]], list[int]]:
    """What became of the rows, and how many rows each request had."""
    sizes: list[int] = []

    async def send(part: Sequence[int]) -> list[RowResult]:
        sizes.append(len(part))
        return refusal(len(part)) if poison & set(part) else [SAVED] * len(part)

    async def scene() -> list[Answered[int]]:
        return [one async for one in tell_apart(range(rows), send, most)]

    return asyncio.run(scene()), sizes


def rows_of(answers: list[Answered[int]], told: Told) -> list[int]:
    return sorted(row for one in answers if one.told is told for row in one.rows)


@given(st.integers(2, 1000).flatmap(lambda rows: st.tuples(st.just(rows), st.integers(0, rows - 1))))
def test_one_culprit_costs_two_requests_for_each_halving(case: tuple[int, int]) -> None:
    rows, culprit = case
    answers, sizes = told_apart(rows, {culprit})
    assert rows_of(answers, Told.ALONE) == [culprit]
    assert rows_of(answers, Told.APART) == [row for row in range(rows) if row != culprit]
    assert len(sizes) <= 2 * math.ceil(math.log2(rows))


@given(st.integers(1, 300).flatmap(lambda rows: st.tuples(st.just(rows), st.sets(st.integers(0, rows - 1)))))
def test_every_row_comes_once_none_is_blamed_wrongly_and_requests_are_bounded(case: tuple[int, set[int]]) -> None:
    rows, poison = case
    answers, sizes = told_apart(rows, poison, 200)
    assert sorted(row for one in answers for row in one.rows) == list(range(rows))
    assert set(rows_of(answers, Told.ALONE)) <= poison
    assert not set(rows_of(answers, Told.APART)) & poison
    assert len(sizes) <= MOST_REQUESTS
    assert max(sizes) <= 200


@pytest.mark.parametrize("rows", [2, 3, 200, 1000])
def test_where_nothing_is_taken_nobody_asks_further_than_two_rows_alone(rows: int) -> None:
    answers, sizes = told_apart(rows, set(range(rows)))
    assert rows_of(answers, Told.TOGETHER) == list(range(rows))
    assert len(sizes) <= math.ceil(math.log2(rows)) + 1


def test_more_rows_than_one_request_takes_go_in_as_few_as_it_takes() -> None:
    answers, sizes = told_apart(1000, {0}, 200)
    assert (sizes[:2], len(sizes)) == ([200, 100], 1 + 4 + 16)
    assert rows_of(answers, Told.ALONE) == [0]


@pytest.mark.parametrize(("error", "expected"), [
    *((error, True) for name, error in WHOLE.items() if name != "no answer"),
    *((error, False) for error in NOT_OF_ROWS.values()),
], ids=[*(name for name in WHOLE if name != "no answer"), *NOT_OF_ROWS])  # fmt: skip
def test_what_befalls_everybody_is_blamed_on_no_row(error: WireError, expected: bool) -> None:
    assert may_be_of_rows(error) is expected


# ---- in a run


AGREEMENTS = [f"AGR-{number:06d}" for number in range(1, 31)]
POISON = AGREEMENTS[17]


def poisoned(error: WireError, *poison: str) -> World:
    """Thirty agreements; Salesforce refuses every request that holds one of the poison."""
    world = World()
    for agreement in AGREEMENTS:
        world.agreement(agreement)

    def refuse(sobject: str, records: Sequence[Record]) -> None:
        if any(record.get("CLM_Id__c") in poison for record in records):
            raise error

    world.org.before_commit = refuse
    return world


@pytest.mark.parametrize("way", Way)
@pytest.mark.parametrize("error", WHOLE.values(), ids=WHOLE)
def test_one_row_that_fails_every_request_waits_and_the_others_are_written(error: WireError, way: Way) -> None:
    world = poisoned(error, POISON)
    world.way = way
    report = world.run()
    assert (report.stopped, report.parked, report.waiting, report.rows_created) == ("", 1, 0, {"Contract": 29})
    (letter,) = world.state.read_parked()
    assert (letter.agreement_id, letter.kind) == (POISON, "row")
    assert letter.reason.endswith(" Salesforce refuses every request with this row in it.")
    assert report.explained[1].endswith(" smaller requests told them apart")
    world.org.before_commit = lambda sobject, records: None
    assert apply_redrive(world.state, plan_redrive(world.state, Filter()), "2026-11-22") == 1
    assert (world.run().stopped, world.org.count("Contract"), world.state.read_parked()) == ("", 30, [])


def test_the_words_tell_the_code_and_that_it_is_due_to_the_row() -> None:
    world = poisoned(CRASH, POISON)
    world.run()
    assert [row.reason for row in world.state.read_parked()] == [
        "Salesforce failed inside; it gives no reason. (UNKNOWN_EXCEPTION: An unexpected error occurred. ErrorId: 1-2)"
        " Salesforce refuses every request with this row in it."
    ]


@pytest.mark.parametrize("error", [WHOLE["413"], WHOLE["403 of a firewall"]], ids=["413", "403"])
def test_a_proxy_that_lets_nothing_through_ends_the_run_and_makes_no_dead_letters(error: WireError) -> None:
    world = poisoned(error, *AGREEMENTS)
    report = world.run()
    assert (report.stopped, report.parked, report.waiting) == (str(error), 0, 30)


def test_an_org_that_takes_nothing_ends_runs_before_anything_waits_for_a_person() -> None:
    world = poisoned(CRASH, *AGREEMENTS)
    reports = [world.run() for _ in range(MOST_STOPS)]
    assert {(report.stopped, report.is_outage, report.parked) for report in reports} == {(str(CRASH), True, 0)}
    last = world.run()
    assert (last.stopped, last.parked, last.waiting) == ("", 30, 0)
    assert world.state.read_parked()[0].reason.endswith(
        " Salesforce refused it together with other rows, and nobody could tell them apart."
    )


def test_a_row_that_is_refused_alone_waits_when_the_org_takes_others_later() -> None:
    world = poisoned(CRASH, POISON)
    world.run()
    world.agreement(POISON, title="again")
    assert world.run().is_outage
    world.agreement(POISON, title="and again")
    world.agreement(AGREEMENTS[0], title="another")
    report = world.run()
    assert (report.stopped, report.parked, report.rows_updated) == ("", 2, {"Contract": 1})
    assert world.run().stopped == ""
    world.agreement(POISON, title="once more")
    assert [world.run().is_outage for _ in range(MOST_STOPS)] == [True] * MOST_STOPS
    assert (world.run().stopped, len(world.state.read_parked())) == ("", 1)


def test_a_row_that_is_too_large_alone_waits_at_once() -> None:
    world = poisoned(WHOLE["413"], POISON)
    world.run()
    world.agreement(POISON, title="still too large")
    report = world.run()
    assert (report.stopped, report.parked) == ("", 1)


@pytest.mark.parametrize("error", NOT_OF_ROWS.values(), ids=NOT_OF_ROWS)
def test_what_befalls_everybody_ends_the_run_without_smaller_requests(error: WireError) -> None:
    world = poisoned(error, POISON)
    report = world.run()
    assert (report.stopped, report.parked, world.org.calls.count("collections")) == (str(error), 0, 1)


def test_rows_whose_automation_goes_over_a_limit_together_go_in_smaller_requests() -> None:
    world = World()
    for agreement in AGREEMENTS:
        world.agreement(agreement)
    words = "Shout: System.LimitException: Too many SOQL queries: 101"

    def limit(sobject: str, records: Sequence[Record]) -> None:
        is_over = sobject == "Contract" and len(records) > 10
        world.org.refuse = (
            {str(one["CLM_Id__c"]): ("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", words) for one in records}
            if is_over
            else {}
        )

    world.org.before_commit = limit
    report = world.run()
    assert (report.stopped, report.parked, report.rows_created) == ("", 0, {"Contract": 30})
    assert report.explained[-1] == "Contract: 30 rows were refused as one; 6 smaller requests told them apart"


def test_rows_that_nobody_can_save_are_given_up_together_after_all_attempts() -> None:
    world = World()
    for agreement in AGREEMENTS:
        world.agreement(agreement)
    world.org.refuse = dict.fromkeys(AGREEMENTS, ("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access"))
    report = world.run()
    assert (report.stopped, report.parked, report.pushed) == ("", 30, 0)
    assert len(world.org.calls) < 20
    assert {row.reason for row in world.state.read_parked()} == {
        "Someone else was saving the same record or its parent. (UNABLE_TO_LOCK_ROW: unable to obtain exclusive access)"
        " Given up after 5 attempts."
    }
