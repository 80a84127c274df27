"""The past of an agreement, told from the CLM's feed and proven by the chain; and its events, decided anew."""

from __future__ import annotations

import asyncio

import pytest
from tests.clmkit.sync.world import BETA, World

from clmkit.clients.clm import ChangePage
from clmkit.sync.engine import Engine
from clmkit.sync.replay import PastValue, ReplayPlan, apply_replay, recall, replay, to_instant

FIRST, SECOND, END = "2026-11-22T01:00:00.000Z", "2026-11-22T02:00:00.000Z", "2026-11-22T03:00:00.000Z"


def run_at(world: World, at: str) -> Engine:
    engine = world.engine()
    engine.now = lambda: at
    asyncio.run(engine.run())
    return engine


@pytest.fixture
def world() -> World:
    made = World()
    made.agreement(title="First", stage="ACTIVE", value={"total": "10.00", "arr": None, "currency": "USD"})
    run_at(made, FIRST)
    made.agreement(title="Second", counterparty={"id": BETA, "name": "Beta", "contact": None})
    run_at(made, SECOND)
    return made


def values_at(world: World, at: str) -> dict[str, PastValue]:
    found = asyncio.run(recall(world.state, world.spec, world.clm, "AGR-000001", at))
    return {one.field: one for one in found}


def test_a_value_is_told_as_it_was_and_why(world: World) -> None:
    then, now = values_at(world, FIRST)["CLM_Title__c"], values_at(world, END)["CLM_Title__c"]
    assert (then.value, then.since, then.rule, [one.revision for one in then.events]) == (
        "First", FIRST, "the record is new", [1],
    )  # fmt: skip
    assert (now.value, now.since, now.rule) == ("Second", SECOND, "the CLM changed it")


def test_status_and_references_are_told_and_a_restricted_number_is_known_and_withheld(world: World) -> None:
    then = values_at(world, FIRST)
    assert then["Status"].value == "Activated"
    assert (then["CLM_Total_Value__c"].value, then["CLM_Total_Value__c"].is_known) == ("(withheld)", True)
    assert values_at(world, END)["AccountId"].value == BETA


def test_nothing_was_there_before_the_first_write(world: World) -> None:
    assert values_at(world, "2026-11-22T00:59:59.000Z") == {}


def test_a_value_that_the_clm_no_longer_tells_is_said_to_be_unknown(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def forgetful(after: str, limit: int = 500) -> ChangePage:
        return ChangePage([], "0", more=False)

    monkeypatch.setattr(world.clm, "read_changes", forgetful)
    past = values_at(world, FIRST)["CLM_Title__c"]
    assert (past.is_known, past.value, len(past.digest)) == (False, None, 16)


def replay_now(world: World, since: str = FIRST) -> ReplayPlan:
    return asyncio.run(replay(world.engine(), "AGR-000001", since))


def test_events_since_then_are_judged_and_nothing_is_written(world: World) -> None:
    world.org.edit("Contract", "AGR-000001", CLM_Title__c="theirs")
    world.org.calls.clear()
    plan = replay_now(world)
    assert [(one.field, one.to, one.rule) for one in plan.writes if one.field == "CLM_Title__c"] == [
        ("CLM_Title__c", "Salesforce", "Salesforce changed a field that the CLM owns: put back")
    ]
    assert (set(world.org.calls), world.contract()["CLM_Title__c"]) == ({"query"}, "theirs")
    stale = [one for one in plan.events if one.event.event_id == "EVT-1"]
    assert [one.now for one in stale] == ["nothing: the CLM is at revision 3, an older one never overwrites it"]
    taken_later = [one.event.event_id for one in replay_now(world, SECOND).events if one.event.source == "clm"]
    assert taken_later == ["EVT-3"]


def test_what_is_replayed_ends_as_the_dry_run_said(world: World) -> None:
    world.org.edit("Contract", "AGR-000001", CLM_Title__c="theirs")
    apply_replay(world.engine(), "AGR-000001")
    world.run()
    assert world.contract()["CLM_Title__c"] == "Second"
    assert replay_now(world).writes == []


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-22", "2026-11-22T00:00:00.000Z"),
        ("2026-11-22T14:30", "2026-11-22T14:30:00.000Z"),
        ("2026-11-22T14:30:00+01:00", "2026-11-22T13:30:00.000Z"),
    ],
)
def test_instants_are_utc_unless_they_say_otherwise(text: str, instant: str) -> None:
    assert to_instant(text) == instant
