"""Whatever Salesforce tells of a record or in an event: nobody else is held up, nothing is taken for agreed, the sync goes on."""

from __future__ import annotations

from typing import Any

import pytest
from tests.clmkit.sync.world import World

from clmkit.clients.pubsub import Change, Published
from clmkit.sync.event_facts import CHANGED_BY, KEY, Judge, default_topics

ODD, NEIGHBOUR = "AGR-000002", "AGR-000001"
VALUES: dict[str, Any] = {
    "parts of a compound field": {"city": "Oslo", "parts": [1, {"a": None}]},
    "a list": [1, "a"],
    "true": True,
    "a number": -1.5,
    "400 digits": 10**400,
    "not a number": float("nan"),
    "without end": float("inf"),
    "3 MB": "x" * 3_000_000,
    "NUL": "a\0b",
    "the year 1": "0001-01-01",
    "before our era": "-4712-01-01",
    "the year 9999": "9999-12-31",
    "no such day": "2026-13-45T99:99:99.000+0000",
    "a currency that nobody has": "XYZ",
    "blank": "  ",
    "nothing": None,
}
OURS = "com/salesforce/api/rest/66.0;client=clmkit"


def synced() -> World:
    world = World()
    for key in (NEIGHBOUR, ODD):
        world.agreement(
            key, value={"arr": 100, "total": 100, "currency": "USD"}, term={"signed": None, "end": "2027-01-01"}
        )
    world.run()
    return world


@pytest.mark.parametrize("story", VALUES)
def test_a_record_whose_every_field_is_absurd_is_put_right_or_waits_and_holds_nobody_up(story: str) -> None:
    world = synced()
    (mapping,) = (one for one in world.spec.objects if one.name == "contract")
    told = world.org.get("Contract", ODD)
    plain = {one.salesforce for one in mapping.columns if one.reference is None} - {mapping.key.salesforce}
    told |= dict.fromkeys(plain & told.keys(), VALUES[story])
    world.org.edit("Contract", ODD)
    world.agreement(NEIGHBOUR, title="Another title")
    assert world.run(allow=True).stopped == ""
    assert world.contract(NEIGHBOUR)["CLM_Title__c"] == "Another title"
    world.agreement(ODD, title="Mended")
    assert world.run(allow=True).stopped == ""
    assert world.contract(ODD)["CLM_Title__c"] == "Mended" or world.state.read_parked(agreement_id=ODD)
    assert world.reconcile().rows_compared == 2


@pytest.mark.parametrize(
    "modstamp", ["9999-12-31T23:59:59.000+0000", "2026-13-45T99:99:99.000+0000", "", "None", "2027-01-01"]
)
def test_a_record_with_a_moment_that_has_not_come_or_is_none_leaves_the_sync_not_deaf(modstamp: str) -> None:
    world = synced()
    world.org.get("Contract", ODD)["SystemModstamp"] = modstamp
    assert world.run().stopped == ""
    world.org.edit("Contract", NEIGHBOUR, CLM_Title__c="Edited by a person")
    assert world.run().stopped == ""
    assert world.contract(NEIGHBOUR)["CLM_Title__c"] == "Supply"


def test_a_record_whose_parent_and_owner_were_deleted_keeps_its_contract_in_step() -> None:
    world = synced()
    world.org.records["Account"].clear()
    world.org.edit("Contract", ODD, OwnerId="005GONE")
    world.agreement(NEIGHBOUR, title="Another title")
    assert world.run().stopped == ""
    assert world.contract(NEIGHBOUR)["CLM_Title__c"] == "Another title" or world.state.read_parked(kind="row")


@pytest.mark.parametrize("story", [story for story in VALUES if story != "nothing"])
def test_an_event_with_absurd_values_is_never_taken_for_our_own_echo(story: str) -> None:
    world = synced()
    (mapping,) = (one for one in world.spec.objects if one.name == "contract")
    link = world.state.find_link("contract", ODD)
    assert link is not None
    names = tuple(one.salesforce for one in mapping.columns if one.to_salesforce and one.reference is None)
    change = Change(
        "Contract",
        "UPDATE",
        (link.record_id,),
        OURS,
        "005X",
        "t",
        1,
        10**20,
        names,
        (),
        dict.fromkeys(names, VALUES[story]),
        "E1",
    )
    heard = Judge(world.spec).judge([change], {link.record_id: link})
    assert ([one.agreement_id for one in heard.news], heard.settled, heard.look) == ([ODD], {}, "")


@pytest.mark.parametrize("key", [None, "", 0, False])
def test_an_event_without_a_key_leads_to_a_look_and_a_deletion_at_no_moment_is_a_deletion(key: object) -> None:
    world = synced()
    (topic,) = (one for one, name in default_topics(world.spec).items() if name == "contract")
    event = Published(topic.rpartition("/")[2], {KEY: key, CHANGED_BY: None}, "E1")
    assert Judge(world.spec).judge([event], {}).look.endswith("does not say which record it is about")
    link = world.state.find_link("contract", ODD)
    assert link is not None
    gone = Change("Contract", "DELETE", (link.record_id,), "", "", "t", 1, -(10**20), (), (), {}, "E2")
    assert Judge(world.spec).judge([gone], {link.record_id: link}).deleted == {f"event:E2:{link.record_id}": (link, "")}
