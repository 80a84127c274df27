"""Nothing is tried for ever: how often each action of the table of outcomes sends a row or an agreement before it lets it rest."""

from collections.abc import Sequence

import pytest
from tests.clmkit.sync.fake_clm import FakeClm
from tests.clmkit.sync.world import World

from clmkit.clients.clm import JsonObject
from clmkit.clients.errors import Refused
from clmkit.clients.outcomes import OUTCOMES, SECOND_MEANINGS, Action, outcome_of
from clmkit.clients.salesforce import Record
from clmkit.sync.apply import ATTEMPTS
from clmkit.sync.redrive import MOST_REDRIVES, Filter, apply_redrive, plan_redrive
from clmkit.sync.round import MOST_PASSES
from clmkit.sync.trouble import MOST_STOPS

ID = "AGR-000001"
CODES = {
    Action.RETRY: "UNABLE_TO_LOCK_ROW",
    Action.REBASE: "ENTITY_IS_DELETED",
    Action.PARK: "STRING_TOO_LONG",
    Action.STOP: "INVALID_FIELD_FOR_INSERT_UPDATE",
}
MOST_SENT = {Action.RETRY: ATTEMPTS, Action.REBASE: MOST_PASSES, Action.PARK: 1, Action.STOP: 1}
MOST_PATCHED = {Action.RETRY: 1, Action.REBASE: MOST_PASSES, Action.PARK: 1, Action.STOP: 1}
"""In one run; behind each the client has sent the request as often as its patience allows."""
CLM_CODES = {
    Action.RETRY: "unavailable",
    Action.REBASE: "revision_mismatch",
    Action.PARK: "illegal_transition",
    Action.STOP: "malformed_json",
}


def test_every_code_has_one_of_the_four_actions_and_the_engine_knows_no_other() -> None:
    assert {outcome.action for outcome in [*OUTCOMES.values(), *SECOND_MEANINGS.values()]} == set(Action)
    assert {action: outcome_of(code).action for action, code in CODES.items()} == {one: one for one in Action}
    assert {action: outcome_of(code).action for action, code in CLM_CODES.items()} == {one: one for one in Action}


@pytest.mark.parametrize("action", Action)
def test_a_row_that_is_always_refused_is_sent_so_often_and_then_rests(action: Action) -> None:
    world = World()
    world.agreement()
    world.org.refuse = {ID: (CODES[action], "no")}
    report = world.run()
    sent = world.org.calls.count("collections")
    assert 1 <= sent <= MOST_SENT[action]
    if action is Action.STOP:
        assert (bool(report.stopped), report.waiting) == (True, 1)
        return
    assert (report.stopped, report.parked, report.waiting) == ("", 1, 0)
    assert [world.run().events for _ in range(3)] == [0, 0, 0]
    assert world.org.calls.count("collections") == sent


@pytest.mark.parametrize("action", Action)
def test_a_request_that_is_always_refused_as_a_whole_is_sent_so_often_and_then_rests(action: Action) -> None:
    world = World()
    world.agreement()

    def refuse(sobject: str, records: Sequence[Record]) -> None:
        raise Refused("Salesforce PATCH", 500, CODES[action], "no")

    world.org.before_commit = refuse
    runs = 0
    while world.run().waiting and runs < 2 * MOST_STOPS:
        runs += 1
    if action is Action.STOP:
        assert runs == 2 * MOST_STOPS
        assert world.org.calls.count("collections") == runs + 1
        return
    assert runs <= MOST_STOPS
    assert world.org.calls.count("collections") <= MOST_STOPS + MOST_SENT[action]
    assert [row.agreement_id for row in world.state.read_parked()] == [ID]


class Refusing(FakeClm):
    code = ""
    patched = 0

    async def patch_agreement(self, agreement_id: str, revision: int, change: JsonObject) -> JsonObject:
        if not self.code:
            return await super().patch_agreement(agreement_id, revision, change)
        self.patched += 1
        raise Refused("CLM PATCH", 400, self.code, "no")


@pytest.mark.parametrize("action", Action)
def test_an_agreement_that_is_always_refused_is_patched_so_often_and_then_rests(action: Action) -> None:
    clm = Refusing()
    world = World(clm=clm)
    world.agreement()
    world.run()
    world.run()
    clm.code = CLM_CODES[action]
    world.org.edit("Contract", ID, OwnerId="005BEA")
    report = world.run()
    assert 1 <= clm.patched <= MOST_PATCHED[action]
    runs = 1
    while report.waiting and runs < 2 * MOST_STOPS:
        report, runs = world.run(), runs + 1
    assert clm.patched <= runs * MOST_PATCHED[action]
    assert (action is Action.STOP) == bool(report.waiting)


def test_what_a_person_redrives_without_an_end_rests_until_it_is_redriven_again_on_purpose() -> None:
    world = World()
    world.agreement()
    world.org.refuse = {ID: ("STRING_TOO_LONG", "no")}
    world.run()
    going = []
    for turn in range(MOST_REDRIVES + 2):
        at = f"2099-11-22T10:00:{turn:02d}Z"
        going.append(apply_redrive(world.state, plan_redrive(world.state, Filter()), at))
        world.run()
    assert going == [*[1] * MOST_REDRIVES, 0, 0]
    assert apply_redrive(world.state, plan_redrive(world.state, Filter(), again=True), "2099-11-22T11:00:00Z") == 1
