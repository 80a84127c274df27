"""Redrives: which agreements go, which stay, and why that breaks no order."""

import pytest
from tests.clmkit.sync.world import World

from clmkit.sync.redrive import MOST_REDRIVES, Filter, apply_redrive, plan_redrive

ID, OTHER = "AGR-000001", "AGR-000002"
NOBODY = {"id": "PTY-new", "name": "New", "contact": None}


@pytest.fixture
def world() -> World:
    """Two agreements that wait for an account; of one nothing was ever written, of the other revision 2."""
    world = World(now="2026-11-21T23:00:00.000Z")
    world.agreement(OTHER)
    world.run()
    world.run()
    for name in (ID, OTHER):
        world.agreement(name, counterparty=NOBODY)
    world.run()
    return world


def redrive(world: World, *, again: bool = False, minute: int = 0) -> int:
    at = f"2026-11-22T00:{minute:02d}:00.000Z"
    return apply_redrive(world.state, plan_redrive(world.state, Filter(), again=again), at)


def test_a_plan_shows_by_revisions_that_nothing_old_overtakes(world: World) -> None:
    assert [one.words for one in plan_redrive(world.state, Filter())] == [
        "AGR-000001: 1 waiting, redriven 0 times; nothing of it was applied yet, 1 is the newest heard of:"
        " that or a newer one goes",
        "AGR-000002: 1 waiting, redriven 0 times; revision 2 was applied, 3 is the newest heard of: that or a newer one goes",
    ]


def test_what_is_redriven_ends_as_the_newest_revision(world: World) -> None:
    world.agreement(ID, title="newer")
    world.org.add("Account", CLM_Party_Id__c="PTY-new", Name="New")
    redrive(world)
    world.run()
    assert (world.contract(ID)["CLM_Title__c"], world.contract(ID)["CLM_Version__c"]) == ("newer", 2)
    assert world.state.read_parked() == []


def test_what_was_tried_too_often_stays_until_a_person_insists(world: World) -> None:
    for minute in range(MOST_REDRIVES):
        assert redrive(world, minute=minute) == 2
        world.run()
    assert redrive(world) == 0
    (first, _) = plan_redrive(world.state, Filter())
    assert first.words == (
        "AGR-000001: 1 waiting, redriven 5 times; stays: that was too often. Correct the cause, then redrive with --again."
    )
    assert redrive(world, again=True) == 2


def test_an_agreement_of_a_clm_that_was_reset_stays(world: World) -> None:
    with world.state.transaction():
        world.state.database.change("UPDATE link SET revision = 9 WHERE agreement_id = ?", (OTHER,))
    (_, second) = plan_redrive(world.state, Filter())
    assert second.why_not == "revision 9 was applied and the CLM told of 3 last. Was it reset? Run `clmkit reconcile`."


# filter -> agreements that it selects
FILTERS = [
    (Filter(), [ID, OTHER]),
    (Filter(kind="row"), [ID, OTHER]),
    (Filter(kind="value"), []),
    (Filter(reason="no Account"), [ID, OTHER]),
    (Filter(reason="no User"), []),
    (Filter(object="contract"), [ID, OTHER]),
    (Filter(object="party"), []),
    (Filter(steward="nobody"), []),
    (Filter(agreements=(OTHER,)), [OTHER]),
]


@pytest.mark.parametrize(("wanted", "selected"), FILTERS)
def test_a_filter_selects_by_every_part_that_is_given(world: World, wanted: Filter, selected: list[str]) -> None:
    assert [one.agreement_id for one in plan_redrive(world.state, wanted)] == selected


def test_a_redrive_is_told_in_the_audit_chain(world: World) -> None:
    redrive(world)
    entry = [one for one in world.state.read_audit() if one.kind == "redriven"][-1]
    assert entry.facts["agreements"] == [ID, OTHER]
