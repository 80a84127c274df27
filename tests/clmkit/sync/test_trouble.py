"""One agreement that the CLM cannot read or change waits for a person; the others do not wait with it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.clmkit.sync.fake_clm import FakeClm
from tests.clmkit.sync.world import World

from clmkit.clients.clm import ChangePage, JsonObject
from clmkit.clients.errors import Refused, Unexpected, Unreachable, WireError
from clmkit.sync.redrive import Filter, apply_redrive, plan_redrive
from clmkit.sync.trouble import MOST_STOPS

AGREEMENTS = [f"AGR-00000{number}" for number in range(1, 7)]
SICK, *OTHERS = AGREEMENTS
TROUBLES: dict[str, Callable[[], WireError]] = {
    "503": lambda: Refused("CLM GET /api/v1/agreements/AGR-000001", 503, "unavailable", "try again"),
    "no answer": lambda: Unreachable("https://clm/api/v1/agreements/AGR-000001", "TimeoutError"),
    "half an answer": lambda: Unexpected("The CLM answered 200 with a body that does not read: it ends early"),
}


@dataclass
class Trouble(FakeClm):
    """A CLM that shows nothing of some agreements, or changes none of some; `silent` is one that says nothing at all."""

    error: Callable[[], WireError] = TROUBLES["503"]
    unread: set[str] = field(default_factory=set)
    untaken: set[str] = field(default_factory=set)
    is_silent: bool = False

    async def read_changes(self, after: str, limit: int = 500) -> ChangePage:
        if self.is_silent:
            raise self.error()
        return await super().read_changes(after, limit)

    async def get_agreement(self, agreement_id: str) -> JsonObject:
        if self.is_silent or agreement_id in self.unread:
            raise self.error()
        return await super().get_agreement(agreement_id)

    async def find_agreements(self, agreement_ids: Sequence[str]) -> dict[str, Any]:
        if self.is_silent or self.unread & set(agreement_ids):
            raise self.error()
        return {one: await super(Trouble, self).get_agreement(one) for one in agreement_ids}

    async def patch_agreement(self, agreement_id: str, revision: int, change: JsonObject) -> JsonObject:
        if self.is_silent or agreement_id in self.untaken:
            raise self.error()
        return await super().patch_agreement(agreement_id, revision, change)


def make_world(trouble: Trouble) -> World:
    world = World(clm=trouble)
    for agreement in AGREEMENTS:
        world.agreement(agreement)
    world.run()
    return world


def edit_owners(world: World) -> None:
    """What Salesforce owns: it is read there, and the CLM is read for it and patched."""
    for agreement in AGREEMENTS:
        world.org.edit("Contract", agreement, OwnerId="005BEA")


def owners(world: World) -> dict[str, Any]:
    return {name: agreement["business_owner"]["email"] for name, agreement in world.clm.agreements.items()}


@pytest.mark.parametrize("error", TROUBLES.values(), ids=TROUBLES)
def test_an_agreement_that_cannot_be_read_is_parked_and_the_others_go_on(error: Callable[[], WireError]) -> None:
    clm = Trouble(error=error)
    world = make_world(clm)
    clm.unread = {SICK}
    edit_owners(world)
    report = world.run()
    assert (report.stopped, report.parked, report.waiting, report.patches) == ("", 1, 0, len(OTHERS))
    assert [(row.agreement_id, row.kind, row.reason) for row in world.state.read_parked()] == [
        (SICK, "row", f"The CLM answers, but not for this agreement, after all attempts: {error()}")
    ]
    assert {name: owner for name, owner in owners(world).items() if name != SICK} == dict.fromkeys(
        OTHERS, "bea@example.com"
    )


@pytest.mark.parametrize("error", TROUBLES.values(), ids=TROUBLES)
def test_an_agreement_that_cannot_be_patched_is_parked_and_the_others_go_on(error: Callable[[], WireError]) -> None:
    clm = Trouble(error=error)
    world = make_world(clm)
    clm.untaken = {SICK}
    edit_owners(world)
    report = world.run()
    assert (report.stopped, report.parked, report.waiting, report.patches) == ("", 1, 0, len(OTHERS))
    is_refused = isinstance(error(), Refused)
    words = (
        "The CLM gives the agreement, but does not take this change, after all attempts: "
        if is_refused
        else "It was read and planned 4 times, and each time it had to be done anew. "
    )
    assert [(row.agreement_id, row.kind, row.reason) for row in world.state.read_parked()] == [
        (SICK, "row", f"{words}{error()}")
    ]


@pytest.mark.parametrize("kind", ["unread", "untaken"])
def test_what_waits_for_the_clm_goes_when_it_is_redriven(kind: str) -> None:
    clm = Trouble()
    world = make_world(clm)
    setattr(clm, kind, {SICK})
    edit_owners(world)
    world.run()
    setattr(clm, kind, set())
    assert apply_redrive(world.state, plan_redrive(world.state, Filter(reason="unavailable")), "2026-11-22") == 1
    assert world.run().stopped == ""
    assert (set(owners(world).values()), world.state.read_parked()) == ({"bea@example.com"}, [])


def test_a_clm_that_is_silent_ends_the_run_and_makes_no_dead_letters() -> None:
    clm = Trouble()
    world = make_world(clm)
    edit_owners(world)
    clm.is_silent = True
    reports = [world.run() for _ in range(2 * MOST_STOPS)]
    assert {(report.is_outage, report.parked) for report in reports} == {(True, 0)}
    assert world.state.read_parked() == []
    clm.is_silent = False
    assert world.run().stopped == ""
    assert set(owners(world).values()) == {"bea@example.com"}


def test_a_clm_that_shows_agreements_of_nobody_ends_the_run_and_makes_no_dead_letters() -> None:
    clm = Trouble()
    world = make_world(clm)
    edit_owners(world)
    clm.unread = set(AGREEMENTS)
    assert {world.run().is_outage for _ in range(2 * MOST_STOPS)} == {True}
    assert world.state.read_parked() == []


def test_a_clm_that_takes_no_change_of_anybody_ends_some_runs_before_its_changes_wait_for_a_person() -> None:
    clm = Trouble()
    world = make_world(clm)
    edit_owners(world)
    clm.untaken = set(AGREEMENTS)
    assert [world.run().is_outage for _ in range(MOST_STOPS)] == [True] * MOST_STOPS
    assert world.state.read_parked() == []
    last = world.run()
    assert (last.stopped, last.parked) == ("", len(AGREEMENTS))


def test_a_clm_that_takes_changes_again_starts_the_count_anew() -> None:
    clm = Trouble()
    world = make_world(clm)
    for _ in range(MOST_STOPS):
        edit_owners(world)
        clm.untaken = set(AGREEMENTS)
        assert world.run().is_outage
        clm.untaken = set()
        assert world.run().stopped == ""
        for agreement in AGREEMENTS:
            world.org.edit("Contract", agreement, OwnerId="005OWNER")
        world.run()
    assert world.state.read_parked() == []
