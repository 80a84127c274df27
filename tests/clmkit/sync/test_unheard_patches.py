"""The sync dies between a patch of the CLM and remembering it, and people go on: the patch is never taken for somebody's edit."""

from pathlib import Path
from typing import Any

import pytest
from tests.clmkit.sync.fake_org import Killed
from tests.clmkit.sync.world import ACME, World

from clmkit.clients.errors import Refused
from clmkit.sync.intake import Intake, Work

INTEGRATION, BEA = "005OWNER", "005BEA"
EMAIL = {INTEGRATION: "integration@example.com", BEA: "bea@example.com"}


def contact(person: str) -> dict[str, Any]:
    return {"id": ACME, "name": "ACME", "contact": {"id": person, "name": None, "email": None}}


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A settled contract: the owner is Salesforce's, the contact is shared."""
    world = World(state_path=tmp_path / "sync.sqlite")
    world.agreement(counterparty=contact("PER-ann"), stage="DRAFT")
    world.run()
    return world


def die() -> None:
    raise Killed


def run_and_die(world: World, *, before: bool = False) -> None:
    """The process dies before or after the CLM was patched; nobody remembers the patch."""
    if before:
        world.clm.before_commit = die
    else:
        world.clm.after_commit = die
    with pytest.raises(Killed):
        world.run()
    world.clm.before_commit = world.clm.after_commit = lambda: None
    world.restart()


def own(world: World, user: str) -> None:
    world.org.edit("Contract", "AGR-000001", OwnerId=user)


def sign(world: World, person: str) -> None:
    world.org.edit("Contract", "AGR-000001", CustomerSignedId=world.contact_id(person))


def clm_owner(world: World) -> object:
    return world.clm.agreements["AGR-000001"]["business_owner"]["email"]


def clm_contact(world: World) -> object:
    return world.clm.agreements["AGR-000001"]["counterparty"]["contact"]["id"]


def count_patches(world: World) -> int:
    return [entry.kind for entry in world.state.read_audit()].count("patched")


def is_at_rest(world: World) -> bool:
    world.run()
    return world.state.read_parked() == [] and world.reconcile().is_clean


def test_an_owner_that_is_changed_back_after_an_unheard_patch_reaches_the_clm_as_an_edit_and_no_more(
    world: World,
) -> None:
    own(world, BEA)
    run_and_die(world)
    own(world, INTEGRATION)
    assert is_at_rest(world)
    assert clm_owner(world) == EMAIL[INTEGRATION]
    assert [link.hops for link in world.state.find_links_of_agreements(["AGR-000001"])] == [{}]


def test_owners_that_change_after_each_of_two_unheard_patches_leave_no_conflict(world: World) -> None:
    own(world, BEA)
    run_and_die(world)
    world.org.records["User"]["005CAL"] = {"Id": "005CAL", "Email": "cal@example.com", "SystemModstamp": ""}
    own(world, "005CAL")
    run_and_die(world)
    own(world, INTEGRATION)
    assert is_at_rest(world)
    assert clm_owner(world) == EMAIL[INTEGRATION]


def test_a_shared_value_that_salesforce_changes_back_after_an_unheard_patch_is_not_lost(world: World) -> None:
    sign(world, "PER-bob")
    run_and_die(world)
    sign(world, "PER-ann")
    assert is_at_rest(world)
    assert clm_contact(world) == "PER-ann"


def test_a_shared_value_that_salesforce_empties_after_an_unheard_patch_is_no_second_edit(world: World) -> None:
    sign(world, "PER-bob")
    run_and_die(world)
    world.org.edit("Contract", "AGR-000001", CustomerSignedId=None)
    assert is_at_rest(world)
    assert world.clm.agreements["AGR-000001"]["counterparty"]["contact"] is None


def test_a_patch_that_never_arrived_leaves_nothing_behind(world: World) -> None:
    sign(world, "PER-bob")
    run_and_die(world, before=True)
    sign(world, "PER-ann")
    assert is_at_rest(world)
    world.agreement(counterparty=contact("PER-bob"))
    assert is_at_rest(world)
    assert clm_contact(world) == "PER-ann"


def test_a_value_that_was_about_to_be_put_back_is_put_back_by_the_next_run(world: World) -> None:
    world.agreement(business_owner={"name": None, "email": "someone@example.com"})
    run_and_die(world, before=True)
    assert is_at_rest(world)
    assert clm_owner(world) == EMAIL[INTEGRATION]


def test_an_unheard_patch_is_in_the_audit_chain_once(world: World) -> None:
    own(world, BEA)
    before = count_patches(world)
    run_and_die(world)
    assert count_patches(world) == before
    assert is_at_rest(world)
    assert count_patches(world) == before + 1


def test_a_patch_whose_answer_was_lost_and_that_is_refused_when_it_is_sent_again_has_arrived(world: World) -> None:
    def refuse() -> None:
        raise Refused("CLM PATCH", 412, "revision_mismatch", "it is at revision 3")

    sign(world, "PER-bob")
    before = count_patches(world)
    world.clm.after_commit = refuse
    assert is_at_rest(world)
    assert (clm_contact(world), count_patches(world)) == ("PER-bob", before + 1)


def test_a_patch_that_was_taken_in_before_the_sync_died_still_counts_as_our_own(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = Intake.take

    async def take(intake: Intake) -> dict[str, Work]:
        work = await original(intake)
        if any(item.own is not None for item in work.values()):
            raise Killed
        return work

    world.agreement(business_owner={"name": None, "email": "someone@example.com"})
    with monkeypatch.context() as dying:
        dying.setattr(Intake, "take", take)
        with pytest.raises(Killed):
            world.run()
    world.restart()
    world.agreement(business_owner={"name": None, "email": "someone.else@example.com"})
    assert is_at_rest(world)
    assert clm_owner(world) == EMAIL[INTEGRATION]
