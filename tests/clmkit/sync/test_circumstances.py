"""Precedence rows that ask for a role or a day decide in the running sync; what is not known is left to the steward."""

import asyncio
from functools import cache
from typing import Any

import msgspec
import pytest
from tests.clmkit.sync.fake_org import OWNER, FakeOrg
from tests.clmkit.sync.world import ACME, World, shipped_spec

from clmkit.clients.errors import Refused
from clmkit.mapping.model import ConflictRule, Owner, PrecedenceRow, Spec, Window
from clmkit.sync.editors import ClmRoles
from clmkit.sync.inbox import InboxEvent

ID, BEA, CARL = "AGR-000001", "005BEA", "005CARL"
NEAR, FAR = "2026-11-22T12:00:00.000Z", "2026-03-01T12:00:00.000Z"
"""The agreement ends on 2026-12-31: near and far from it by the window of 90 days."""
BOT, READER, STEWARD = (audience.permission_set for audience in shipped_spec().audiences)


@cache
def spec() -> Spec:
    """The shipped mapping; stewards win the contact in the last 90 days of a contract, otherwise the CLM does."""
    shipped = shipped_spec()
    assert shipped.lifecycle is not None
    states = tuple(state.name for state in shipped.lifecycle.states)
    window = Window(field="end_date", before=True, days=90)
    rows = (
        PrecedenceRow(states=states, wins=Owner.SALESFORCE, roles=("steward",), window=window),
        PrecedenceRow(states=states, wins=Owner.CLM),
    )
    facts: dict[str, Any] = {"precedence": rows, "editors": ("reader", "steward"), "conflict": ConflictRule.PRECEDENCE}
    header = shipped.get_object("contract")
    fields = tuple(
        msgspec.structs.replace(one, **facts) if one.name == "primary_contact" else one for one in header.fields
    )
    changed = msgspec.structs.replace(header, fields=fields)
    return msgspec.structs.replace(shipped, objects=tuple(changed if one is header else one for one in shipped.objects))


def grant(org: FakeOrg, user: str, *names: str) -> None:
    """Every user has the permission set of a profile, and those that were assigned."""
    for name in ("X00ex000000000", *names):
        sets = org.records.setdefault("PermissionSet", {})
        found = next((one["Id"] for one in sets.values() if one["Name"] == name), None)
        record_id = found or org.add("PermissionSet", Name=name)
        org.add("PermissionSetAssignment", AssigneeId=user, PermissionSetId=record_id, PermissionSetGroupId=None)


@pytest.fixture
def world() -> World:
    world = World(spec=spec(), now=NEAR)
    grant(world.org, OWNER, BOT)
    grant(world.org, BEA, STEWARD)
    grant(world.org, CARL, READER)
    name_in_the_clm(world, "PER-ann")
    world.run()
    assert world.run().events == 0
    return world


def heard(number: int, user: str) -> InboxEvent:
    return InboxEvent(f"event:{number}", "event:contract", ID, 0, user)


def name_in_the_clm(world: World, person: str, actor: str = "user") -> None:
    contact = {"id": person, "name": None, "email": None}
    world.agreement(ID, actor=actor, counterparty={"id": ACME, "name": "ACME", "contact": contact})


def name_in_salesforce(world: World, person: str, user: str) -> None:
    world.org.edit("Contract", ID, CustomerSignedId=world.contact_id(person), LastModifiedById=user)


def names(world: World) -> tuple[str, str]:
    """Whom the CLM and Salesforce name."""
    contact_id = world.contract()["CustomerSignedId"]
    there = str(world.org.records["Contact"][contact_id]["CLM_Person_Id__c"])
    return str(world.clm.agreements[ID]["counterparty"]["contact"]["id"]), there


# who edits in Salesforce, on which day -> whom both systems name in the end
EDITS = [
    ("a steward in the window", BEA, NEAR, "PER-bob"),
    ("a steward long before it", BEA, FAR, "PER-ann"),
    ("a reader in the window", CARL, NEAR, "PER-ann"),
    ("a reader long before it", CARL, FAR, "PER-ann"),
]


@pytest.mark.parametrize(("story", "user", "now", "stands"), EDITS, ids=[one[0] for one in EDITS])
def test_an_edit_in_salesforce_stands_when_its_row_applies(
    world: World, story: str, user: str, now: str, stands: str
) -> None:
    world.now = now
    name_in_salesforce(world, "PER-bob", user)
    world.run()
    world.run()
    assert names(world) == (stands, stands), story
    assert world.state.read_parked() == []


def test_an_edit_of_the_clm_alone_stands_because_nobody_edited_in_salesforce(world: World) -> None:
    name_in_the_clm(world, "PER-bob")
    world.run()
    assert names(world) == ("PER-bob", "PER-bob")


# who edits in Salesforce while the CLM changes it, too -> who wins by precedence
BOTH = [(BEA, NEAR, "PER-bob"), (CARL, NEAR, "PER-dora"), (BEA, FAR, "PER-dora")]


@pytest.mark.parametrize(("user", "now", "stands"), BOTH)
def test_two_edits_are_settled_by_the_row_that_applies(world: World, user: str, now: str, stands: str) -> None:
    world.org.add("Contact", CLM_Person_Id__c="PER-dora", Email="dora@example.com")
    world.now = now
    name_in_salesforce(world, "PER-bob", user)
    name_in_the_clm(world, "PER-dora")
    world.run()
    world.run()
    assert names(world) == (stands, stands)


ROLES = {"steward": ("ann@example.com", "*@legal.example.com"), "reader": ("rob@example.com",)}
"""Who has which role in the CLM."""
CLM_EDITS = [
    ("a steward in the window is put back, because Salesforce wins there", "Ann@Example.com", NEAR, "PER-ann"),
    ("a steward by the address of a department", "eve@legal.example.com", NEAR, "PER-ann"),
    ("a steward long before it", "ann@example.com", FAR, "PER-bob"),
    ("another role in the window", "rob@example.com", NEAR, "PER-bob"),
    ("somebody without a role", "joe@example.com", NEAR, "PER-bob"),
]


@pytest.mark.parametrize(("story", "actor", "now", "stands"), CLM_EDITS, ids=[one[0] for one in CLM_EDITS])
def test_an_edit_in_the_clm_stands_by_the_role_that_its_actor_has_there(
    world: World, story: str, actor: str, now: str, stands: str
) -> None:
    world.now, world.clm_roles = now, ClmRoles(ROLES)
    name_in_the_clm(world, "PER-bob", actor)
    world.run()
    world.run()
    assert names(world) == (stands, stands), story
    assert world.state.read_parked() == []


# who edits in the CLM and who in Salesforce -> the first row that applies to either decides
SIDES = [
    ("ann@example.com", CARL, "PER-bob"),
    ("rob@example.com", BEA, "PER-bob"),
    ("rob@example.com", CARL, "PER-dora"),
]


@pytest.mark.parametrize(("actor", "user", "stands"), SIDES)
def test_a_row_applies_to_two_edits_when_it_applies_to_the_editor_of_either(
    world: World, actor: str, user: str, stands: str
) -> None:
    world.org.add("Contact", CLM_Person_Id__c="PER-dora", Email="dora@example.com")
    world.clm_roles = ClmRoles(ROLES)
    name_in_salesforce(world, "PER-bob", user)
    name_in_the_clm(world, "PER-dora", actor)
    world.run()
    world.run()
    assert names(world) == (stands, stands)


@pytest.mark.parametrize("actors", [("",), ("ann@example.com", "joe@example.com"), ("ann@example.com", "")])
def test_an_edit_in_the_clm_by_who_is_not_known_waits_for_the_steward(world: World, actors: tuple[str, ...]) -> None:
    world.clm_roles = ClmRoles(ROLES)
    for actor, person in zip(actors, ("PER-dora", "PER-bob")[-len(actors) :], strict=True):
        name_in_the_clm(world, person, actor)
    world.run()
    (parked,) = world.state.read_parked()
    why = "" if all(actors) else " (the CLM does not say who changed it)"
    assert parked.reason == (
        f"Customer Signed By: it was changed, and who wins depends on what is not known{why}."
        " Make both equal, or change the rule, then redrive."
    )
    assert names(world) == ("PER-bob", "PER-ann")


def test_the_role_of_an_actor_counts_although_a_killed_run_had_taken_the_change_in(world: World) -> None:
    world.clm_roles = ClmRoles(ROLES)
    name_in_the_clm(world, "PER-bob", "ann@example.com")
    assert asyncio.run(world.engine().look()) == 1
    world.run(looks=False)
    assert names(world) == ("PER-ann", "PER-ann")


def test_a_role_that_comes_through_a_permission_set_group_counts(world: World) -> None:
    steward = next(one["Id"] for one in world.org.records["PermissionSet"].values() if one["Name"] == STEWARD)
    group = world.org.add("PermissionSetGroup", DeveloperName="Legal")
    world.org.add("PermissionSetGroupComponent", PermissionSetGroupId=group, PermissionSetId=steward)
    whole = world.org.add("PermissionSet", Name="Legal")
    world.org.add("PermissionSetAssignment", AssigneeId="005EVE", PermissionSetId=whole, PermissionSetGroupId=group)
    name_in_salesforce(world, "PER-bob", "005EVE")
    world.run()
    assert names(world) == ("PER-bob", "PER-bob")


UNKNOWN = [
    ("", "Salesforce does not say who changed it"),
    ("005GHOST", "the org does not show which permission sets user 005GHOST has"),
    (OWNER, "an automation under the integration user saved the record last"),
    ("005FRED", "user 005FRED saved the record last and may not edit this field"),
]


@pytest.mark.parametrize(("user", "why"), UNKNOWN)
def test_an_edit_by_who_is_not_known_waits_for_the_steward_and_says_why(world: World, user: str, why: str) -> None:
    grant(world.org, "005FRED")
    name_in_salesforce(world, "PER-bob", user)
    report = world.run()
    (parked,) = world.state.read_parked()
    assert report.conflicts == 1
    assert parked.reason == (
        f"Customer Signed By: it was changed, and who wins depends on what is not known ({why})."
        " Make both equal, or change the rule, then redrive."
    )
    assert names(world) == ("PER-ann", "PER-bob")


def test_an_org_that_refuses_to_show_permission_sets_leaves_the_edit_to_the_steward(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = FakeOrg.query

    def refusing(org: FakeOrg, soql: str, **more: Any) -> Any:
        if "PermissionSetAssignment" in soql:
            raise Refused("org", 400, "INVALID_TYPE", "sObject type 'PermissionSetAssignment' is not supported.")
        return query(org, soql, **more)

    monkeypatch.setattr(FakeOrg, "query", refusing)
    name_in_salesforce(world, "PER-bob", BEA)
    assert world.run().conflicts == 1


def test_everybody_whom_the_events_name_must_lead_to_the_same_winner(world: World) -> None:
    for number, user in enumerate((BEA, CARL)):
        event = heard(number, user)
        with world.state.transaction():
            world.state.inbox.add([event], NEAR)
    name_in_salesforce(world, "PER-bob", BEA)
    assert world.run(looks=False).conflicts == 2
    assert names(world) == ("PER-ann", "PER-bob")


def test_the_event_of_an_edit_tells_the_editor_whoever_saved_last(world: World) -> None:
    with world.state.transaction():
        world.state.inbox.add([heard(1, BEA)], NEAR)
    name_in_salesforce(world, "PER-bob", OWNER)
    world.run(looks=False)
    assert names(world) == ("PER-bob", "PER-bob")


def test_a_day_of_the_org_begins_where_the_org_is(world: World) -> None:
    world.spec = msgspec.structs.replace(spec(), zone="Asia/Tokyo")
    world.now = "2026-10-01T16:00:00.000Z"
    name_in_salesforce(world, "PER-bob", BEA)
    world.run()
    assert names(world) == ("PER-bob", "PER-bob")


def test_the_day_before_is_too_early(world: World) -> None:
    world.now = "2026-10-01T16:00:00.000Z"
    name_in_salesforce(world, "PER-bob", BEA)
    world.run()
    assert names(world) == ("PER-ann", "PER-ann")
