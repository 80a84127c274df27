"""Latency classes: what is real-time goes at once, what is promised in minutes goes together, a batch at its time of day."""

import contextlib

import msgspec
import pytest
from tests.clmkit.sync.fake_org import Killed
from tests.clmkit.sync.world import World, shipped_spec

from clmkit.mapping.model import Latency, LatencyClass
from clmkit.sync.database import Target
from clmkit.sync.inbox import InboxEvent
from clmkit.sync.schedule import Pace, pace_of
from clmkit.sync.state import State

NOON, FIRST, LATER = "2026-11-22T12:00:00.000Z", "2026-11-22T12:02:30.000Z", "2026-11-22T12:01:00.000Z"
NIGHT = "2026-11-23T02:00:00.000Z"
ID = "AGR-000001"
MONEY = {"total": {"amount": "10.00", "currency": "EUR"}, "arr": None, "currency": "EUR"}
LINE = {"id": "LIN-1", "product": "Seat", "quantity": 1}


@pytest.fixture
def world() -> World:
    """One agreement that both systems agree on, at noon; from now on promises are kept by waiting."""
    world = World(now=NOON)
    world.agreement(stage="EXECUTED")
    world.run()
    assert world.run().events == 0
    world.pace = pace_of(shipped_spec())
    world.org.calls.clear()
    return world


def test_a_row_that_is_new_in_salesforce_goes_at_once_with_all_it_has(world: World) -> None:
    world.agreement("AGR-000002", title="new")
    world.run()
    assert world.contract("AGR-000002")["CLM_Title__c"] == "new"


def test_what_is_real_time_goes_at_once(world: World) -> None:
    world.agreement(signature={"envelope_id": "ENV-1", "status": "sent"})
    report = world.run()
    assert (report.pushed, report.scheduled, world.contract()["CLM_Envelope_Id__c"]) == (1, 0, "ENV-1")


def test_a_batch_field_waits_for_its_time_of_day_and_its_event_with_it(world: World) -> None:
    world.agreement(title="by night")
    report = world.run()
    assert (report.events, report.pushed, report.waiting, report.scheduled) == (1, 0, 1, 1)
    assert world.contract()["CLM_Title__c"] == "Supply"
    assert "collections" not in world.org.calls
    world.now = NIGHT
    report = world.run()
    assert (report.pushed, report.waiting) == (1, 0)
    assert world.contract()["CLM_Title__c"] == "by night"
    assert world.state.schedule.read_waiting() == []


def test_what_waits_is_not_worked_on_again_before_its_time(world: World) -> None:
    world.agreement(title="by night")
    world.run()
    assert world.run().events == 0
    assert world.state.inbox.count_outcomes()["waiting"] == 1


def test_a_burst_within_the_promised_minutes_is_one_write_at_the_time_that_the_first_change_set(world: World) -> None:
    for now, person in ((NOON, "PER-ann"), (LATER, "PER-bob"), (LATER, "PER-ann")):
        world.now = now
        world.agreement(counterparty={"id": "PTY-acme", "name": "ACME", "contact": {"id": person}})
        world.run()
    (waiting,) = world.state.schedule.read_waiting()
    assert (waiting.latency, waiting.since, waiting.until) == ("minutes", NOON, FIRST)
    assert "collections" not in world.org.calls
    world.now = FIRST
    assert (world.run().pushed, world.org.calls.count("collections")) == (3, 1)
    assert world.contract()["CustomerSignedId"] == world.contact_id("PER-ann")


def test_changes_of_other_agreements_within_the_promised_minutes_go_in_the_same_call(world: World) -> None:
    others = [f"AGR-00000{number}" for number in range(2, 6)]
    for other in others:
        world.agreement(other, stage="EXECUTED")
    world.run()
    world.org.calls.clear()
    for agreement_id, now in zip([ID, *others], (NOON, LATER, LATER, LATER, LATER), strict=True):
        world.now = now
        world.agreement(agreement_id, counterparty={"id": "PTY-acme", "name": "ACME", "contact": {"id": "PER-ann"}})
        world.run()
    world.now = FIRST
    world.run()
    person = world.contact_id("PER-ann")
    assert {world.contract(one)["CustomerSignedId"] for one in (ID, *others)} == {person}
    assert (world.org.calls.count("collections"), world.state.schedule.read_waiting()) == (1, [])


def test_a_row_that_goes_takes_along_what_waits_of_it(world: World) -> None:
    world.agreement(title="carried")
    world.run()
    world.agreement(signature={"envelope_id": "ENV-1", "status": "sent"})
    report = world.run()
    assert (report.pushed, report.waiting) == (2, 0)
    assert world.contract()["CLM_Title__c"] == "carried"
    assert world.org.calls.count("collections") == 2  # the contracts, the envelopes


def test_a_change_of_salesforce_waits_for_its_promise_before_the_clm_is_patched(world: World) -> None:
    world.org.edit("Contract", ID, OwnerId="005BEA")
    before = world.clm.agreements[ID]["business_owner"]
    assert (world.run().patches, world.clm.agreements[ID]["business_owner"]) == (0, before)
    world.now = FIRST
    assert world.run().patches == 1
    assert world.clm.agreements[ID]["business_owner"] == {"email": "bea@example.com"}


def test_an_edit_in_salesforce_that_waits_is_not_lost_when_the_clm_changes_meanwhile(world: World) -> None:
    world.org.edit("Contract", ID, OwnerId="005BEA")
    world.run()
    world.agreement(signature={"envelope_id": "ENV-1", "status": "sent"})
    world.run(looks=False)
    assert world.contract()["CLM_Envelope_Id__c"] == "ENV-1"
    world.now = FIRST
    world.run(looks=False)
    assert world.clm.agreements[ID]["business_owner"] == {"email": "bea@example.com"}
    assert "waiting" not in world.state.inbox.count_outcomes()


def test_what_was_taken_back_before_its_time_is_not_written(world: World) -> None:
    for title in ("by night", "Supply"):
        world.agreement(title=title)
        world.run()
    assert "collections" not in world.org.calls
    assert (world.state.schedule.read_waiting(), "waiting" in world.state.inbox.count_outcomes()) == ([], False)


def test_an_old_snapshot_does_not_settle_what_waits(world: World) -> None:
    world.agreement(title="one")
    world.agreement(title="by night")
    world.run()
    old = world.clm.changes[-2]
    world.clm.changes.append(msgspec.structs.replace(old, event_id="EVT-late"))
    world.run()
    world.now = NIGHT
    world.run()
    assert world.contract()["CLM_Title__c"] == "by night"


def test_a_redriven_agreement_waits_for_nothing(world: World) -> None:
    world.agreement(title="by night")
    world.run()
    world.state.inbox.redrive([ID], NOON)
    assert (world.run().pushed, world.contract()["CLM_Title__c"]) == (2, "by night")


def test_a_run_that_does_not_follow_takes_everything_that_waits(world: World) -> None:
    world.agreement(title="by night")
    world.run()
    world.pace = Pace()
    assert (world.run().pushed, world.contract()["CLM_Title__c"]) == (1, "by night")


def test_what_waits_is_told_by_latency_with_its_fields_and_its_time(world: World) -> None:
    world.agreement(title="by night", governing_law="Delaware")
    world.run()
    (waiting,) = world.state.schedule.read_waiting()
    assert waiting.words == f"1 agreements until {NIGHT} (nightly: contract.governing_law, contract.title)"


@pytest.mark.parametrize("time", ["before", "after"])
def test_a_process_that_dies_at_the_batch_writes_it_once_all_the_same(world: World, time: str) -> None:
    def die(*_: object) -> None:
        raise Killed

    world.agreement(title="by night")
    world.run()
    world.now = NIGHT
    setattr(world.org, f"{time}_commit", die)
    with pytest.raises(Killed):
        world.run()
    setattr(world.org, f"{time}_commit", lambda *_: None)
    world.run()
    assert world.contract()["CLM_Title__c"] == "by night"
    assert ("waiting" in world.state.inbox.count_outcomes(), world.state.schedule.next_due()) == (False, "")


BERLIN = Latency(name="nightly", p99_seconds=None, at="02:30", zone="Europe/Berlin")
SOON = Latency(name="soon", p99_seconds=300.0, at="", zone="org", latency_class=LatencyClass.MINUTES)
ORG = Latency(name="org", p99_seconds=None, at="02:00", zone="org")
# promise, now -> when it is due
DUE = [
    (SOON, NOON, FIRST),
    (ORG, NOON, "2026-11-22T17:00:00.000Z"),
    (ORG, "2026-11-22T17:00:00.000Z", "2026-11-23T17:00:00.000Z"),
    (BERLIN, NOON, "2026-11-23T01:30:00.000Z"),
    (BERLIN, "2026-07-01T00:00:00.000Z", "2026-07-01T00:30:00.000Z"),
    (BERLIN, "2027-03-28T00:00:00.000Z", "2027-03-28T01:30:00.000Z"),
    (BERLIN, "2026-10-25T00:00:00.000Z", "2026-10-25T00:30:00.000Z"),
]


@pytest.mark.parametrize(("promise", "now", "due"), DUE)
def test_a_promise_says_until_when_a_change_waits(promise: Latency, now: str, due: str) -> None:
    assert Pace({promise.name: promise}, "Asia/Tokyo").due_at(promise.name, now) == due


def test_both_databases_keep_a_schedule_alike(target: Target) -> None:
    pace = pace_of(shipped_spec())
    with contextlib.closing(State(target)) as state:
        schedule = state.schedule
        with state.transaction():
            state.inbox.add([InboxEvent(f"E{n}", "clm", f"A{n % 2}", n, "user") for n in range(4)], NOON)
            schedule.hold("A0", {"minutes": {"contract.owner"}, "nightly": {"contract.title"}}, [1, 3], pace, NOON)
            schedule.hold("A1", {"nightly": {"contract.title"}}, [2], pace, NOON)
        with state.transaction():
            schedule.hold("A0", {"minutes": {"contract.owner"}, "nightly": {"contract.law"}}, [3], pace, LATER)
        assert schedule.next_due() == FIRST
        assert schedule.find_due(LATER, 10) == {}
        assert schedule.find_due(FIRST, 10) == {"A0": {"minutes"}}
        assert schedule.find_due(NIGHT, 1) == {"A0": {"minutes", "nightly"}}
        assert [event.event_id for event in schedule.read_held(["A0"])] == ["E0", "E2"]
        assert [event.event_id for event in state.inbox.read_waiting(10)] == ["E3"]
        assert [one.words for one in schedule.read_waiting()] == [
            f"1 agreements until {FIRST} (minutes: contract.owner)",
            f"2 agreements until {NIGHT} (nightly: contract.law, contract.title)",
        ]
        with state.transaction():
            schedule.hold("A1", {"minutes": {"contract.owner"}, "nightly": {"contract.title"}}, [2], pace, LATER)
        assert schedule.find_due(FIRST, 10) == {"A0": {"minutes"}}
        assert schedule.find_due(FIRST, 10, pace.windows) == {"A0": {"minutes"}, "A1": {"minutes"}}
        with state.transaction():
            schedule.release(["A0", "A1"])
        assert (schedule.next_due(), schedule.read_held(["A0", "A1"])) == ("", [])
