"""Automations that rewrite what the sync wrote: every edit settles in at most two hops, and a person is told."""

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from tests.clmkit.sync.fake_org import OWNER
from tests.clmkit.sync.test_circumstances import BEA, grant
from tests.clmkit.sync.test_circumstances import BOT as INTEGRATION
from tests.clmkit.sync.world import ACME, World

from clmkit.sync.decide import MOST_QUICK
from clmkit.sync.inbox import InboxEvent

PASSES = 8
TITLE_KEEPS_COMING = (
    "Title: it was put back and did not hold: an automation rewrites it. Change it or the mapping, then redrive."
)


def shouts(record: dict[str, Any]) -> None:
    """A trigger that writes titles in capitals."""
    if record.get("CLM_Title__c"):
        record["CLM_Title__c"] = record["CLM_Title__c"].upper()


def counts() -> Callable[[dict[str, Any]], None]:
    """A flow that never writes the same twice."""
    numbers = itertools.count(1)

    def act(record: dict[str, Any]) -> None:
        if record.get("CLM_Title__c"):
            record["CLM_Title__c"] = f"Supply {next(numbers)}"

    return act


def empties(record: dict[str, Any]) -> None:
    record["CLM_Title__c"] = None


def come_to_rest(world: World) -> int:
    """Runs until nothing happens any more; the number of rows and agreements that the sync wrote on the way."""
    written = 0
    for _ in range(PASSES):
        report = world.run()
        written += sum(report.rows_created.values()) + sum(report.rows_updated.values()) + report.patches
        if not report.events:
            return written
    raise AssertionError("the systems do not come to rest")


def titles_written(world: World) -> list[str]:
    """The titles that the sync sends from now on."""
    sent: list[str] = []
    world.org.before_commit = lambda _sobject, records: sent.extend(
        record["CLM_Title__c"] for record in records if "CLM_Title__c" in record
    )
    return sent


@pytest.mark.parametrize("automation", [shouts, counts(), empties], ids=["same value", "ever new values", "empty"])
def test_a_value_that_the_org_rewrites_is_put_back_once_and_then_a_person_looks(
    automation: Callable[[dict[str, Any]], None],
) -> None:
    world = World()
    world.org.automation = automation
    sent = titles_written(world)
    world.agreement()
    come_to_rest(world)
    assert sent == ["Supply", "Supply"]
    assert [(row.kind, row.field, row.reason) for row in world.state.read_parked()] == [
        ("conflict", "title", TITLE_KEEPS_COMING)
    ]


def test_a_new_value_is_tried_again_and_the_loop_does_not_start_again() -> None:
    world = World()
    world.org.automation = shouts
    world.agreement()
    come_to_rest(world)
    sent = titles_written(world)
    world.agreement(title="Service")
    come_to_rest(world)
    assert len(sent) <= 2
    assert set(sent) == {"Service"}


def test_when_the_automation_is_gone_a_redrive_puts_the_value_back() -> None:
    world = World()
    world.org.automation = shouts
    world.agreement()
    come_to_rest(world)
    world.org.automation = lambda record: None
    with world.state.transaction():
        world.state.inbox.redrive(["AGR-000001"], "2026-11-22T00:00:00Z")
    come_to_rest(world)
    assert world.contract()["CLM_Title__c"] == "Supply"
    assert world.state.read_parked() == []
    assert world.reconcile().is_clean


def test_a_person_may_change_what_the_clm_owns_again_and_again_and_it_is_put_back_each_time() -> None:
    world = World()
    world.agreement()
    world.run()
    for number in range(4):
        world.org.edit("Contract", "AGR-000001", CLM_Title__c=f"mine {number}")
        come_to_rest(world)
        assert world.contract()["CLM_Title__c"] == "Supply"
    assert world.state.read_parked() == []


@pytest.fixture
def signed() -> World:
    """An org that says who saved a record last: the sync's user, or Bea, who is a person."""
    world = World()
    grant(world.org, OWNER, INTEGRATION)
    grant(world.org, BEA)
    world.org.after_commit = lambda sobject, records: sign(world, sobject, records)
    world.agreement()
    come_to_rest(world)
    return world


def sign(world: World, sobject: str, records: Sequence[dict[str, Any]]) -> None:
    for record in records:
        found = world.org.find(sobject, record["CLM_Id__c"])
        if found is not None:
            found["LastModifiedById"] = OWNER


def edit_title(world: World, title: str) -> None:
    """Salesforce's event tells of it at once, and no look comes after the sync has put the title back."""
    world.org.edit("Contract", "AGR-000001", CLM_Title__c=title, LastModifiedById=BEA)
    with world.state.transaction():
        world.state.inbox.add(
            [InboxEvent(f"event:{title}", "event:contract", "AGR-000001", 0, BEA)], "2026-11-22T12:00:00Z"
        )
    world.run(looks=False)


def test_a_second_edit_of_a_person_with_no_look_in_between_is_no_automation(signed: World) -> None:
    sent = titles_written(signed)
    for number in range(3):
        edit_title(signed, f"mine {number}")
    come_to_rest(signed)
    assert sent == ["Supply"] * 3
    assert signed.contract()["CLM_Title__c"] == "Supply"
    assert signed.state.read_parked() == []


def test_an_edit_of_a_person_that_a_trigger_rewrites_still_settles_in_two_hops(signed: World) -> None:
    signed.org.automation = shouts
    sent = titles_written(signed)
    edit_title(signed, "mine")
    come_to_rest(signed)
    assert sent == ["Supply"]
    assert [row.reason for row in signed.state.read_parked()] == [TITLE_KEEPS_COMING]


def test_an_automation_under_a_persons_name_is_told_after_five_quick_edits(signed: World) -> None:
    sent = titles_written(signed)
    for number in range(PASSES):
        edit_title(signed, f"bot {number}")
    assert sent == ["Supply"] * MOST_QUICK
    assert [row.reason for row in signed.state.read_parked()] == [TITLE_KEEPS_COMING]


def test_a_person_in_the_clm_who_edits_right_after_the_sync_gave_a_value_is_no_rule_of_the_clm(signed: World) -> None:
    def edit_once() -> None:
        signed.clm.after_commit = lambda: None
        signed.agreement(title="Theirs", business_owner={"email": "ann@example.com"})

    signed.clm.after_commit = edit_once
    signed.org.edit("Contract", "AGR-000001", OwnerId=BEA, LastModifiedById=BEA)
    come_to_rest(signed)
    assert signed.contract()["CLM_Title__c"] == "Theirs"
    assert signed.clm.agreements["AGR-000001"]["business_owner"]["email"] == "bea@example.com"
    assert signed.state.read_parked() == []


def test_a_value_of_salesforce_that_the_clm_rewrites_is_given_once_more_and_then_a_person_looks() -> None:
    world = World()

    def automation(agreement: dict[str, Any]) -> None:
        if agreement["business_owner"]:
            agreement["business_owner"] = {"name": None, "email": "legal@example.com"}

    world.agreement()
    world.run()
    world.clm.automation = automation
    world.org.edit("Contract", "AGR-000001", OwnerId="005BEA")
    assert come_to_rest(world) <= 2
    assert [(row.kind, row.field) for row in world.state.read_parked()] == [("conflict", "owner")]


def test_a_shared_value_that_both_sides_rewrite_comes_to_rest() -> None:
    world = World()
    world.agreement(counterparty={"id": ACME, "name": "ACME", "contact": None}, stage="DRAFT")
    world.run()

    def in_the_org(record: dict[str, Any]) -> None:
        record["CustomerSignedId"] = world.contact_id("PER-ann")

    def in_the_clm(agreement: dict[str, Any]) -> None:
        if agreement["counterparty"]["contact"]:
            agreement["counterparty"] = {
                **agreement["counterparty"],
                "contact": {"id": "PER-bob", "name": None, "email": None},
            }

    world.org.automation, world.clm.automation = in_the_org, in_the_clm
    world.org.edit("Contract", "AGR-000001")
    assert come_to_rest(world) <= 4
    assert [(row.kind, row.field) for row in world.state.read_parked()] == [("conflict", "primary_contact")]


def test_a_harmless_automation_that_fills_an_unmapped_field_costs_no_write() -> None:
    world = World()
    world.org.automation = lambda record: record.update(Description="seen by a flow")
    world.agreement()
    come_to_rest(world)
    world.agreement(title="Service")
    assert come_to_rest(world) == 1
    assert world.state.read_parked() == []


def rewrite(record: dict[str, Any], name: str, rule: Callable[[Any], Any]) -> None:
    if record.get(name):
        record[name] = rule(record[name])


BOTH_REWRITE: dict[str, tuple[Callable[[dict[str, Any]], None], Callable[[dict[str, Any]], None], str]] = {
    "capitals here, small letters there": (
        shouts,
        lambda agreement: rewrite(agreement, "title", str.lower),
        "title",
    ),
    "euros here, tenths there": (
        lambda record: rewrite(record, "CLM_ARR__c", round),
        lambda agreement: rewrite(agreement["value"], "arr", lambda arr: round(arr, 1)),
        "arr",
    ),
}


@pytest.mark.parametrize(("in_the_org", "in_the_clm", "field"), BOTH_REWRITE.values(), ids=BOTH_REWRITE)
@pytest.mark.parametrize("side", ["clm", "salesforce"])
def test_rewriters_on_both_sides_play_no_ping_pong(
    in_the_org: Callable[[dict[str, Any]], None],
    in_the_clm: Callable[[dict[str, Any]], None],
    field: str,
    side: str,
) -> None:
    world = World()
    world.org.automation, world.clm.automation = in_the_org, in_the_clm
    world.agreement(value={"arr": 1200.46, "currency": "USD"})
    come_to_rest(world)
    if side == "clm":
        world.agreement(title="Service", value={"arr": 99.46, "currency": "USD"})
    else:
        world.org.edit("Contract", "AGR-000001", OwnerId="005BEA", CLM_Title__c="Mine", CLM_ARR__c=7.46)
    assert come_to_rest(world) <= 2
    assert [
        (row.kind, row.field, row.reason.endswith("an automation rewrites it. Change it or the mapping, then redrive."))
        for row in world.state.read_parked()
    ] == [("conflict", field, True)]
    assert side == "clm" or world.clm.agreements["AGR-000001"]["business_owner"] == {"email": "bea@example.com"}
