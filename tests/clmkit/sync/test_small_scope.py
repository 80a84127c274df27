"""Every story of three steps, none left out: both systems end equal under the ownership rules, and come to rest.

The hypothesis machine of test_convergence goes deeper at random; here the small world is walked through whole. A story that fails
is printed as what somebody did.
"""

import copy
from collections.abc import Callable
from itertools import product

import pytest
from tests.clmkit.sync.world import ACME, World

from clmkit.clients.clm import Change
from clmkit.sync.audit import find_break

AGREEMENT = "AGR-000001"
Step = Callable[[World], object]


def name_contact(world: World, person: str) -> None:
    contact = {"id": person, "name": None, "email": None}
    world.agreement(AGREEMENT, counterparty={"id": ACME, "name": "ACME", "contact": contact})


def deliver_late(world: World) -> None:
    """The oldest event comes again under a new id, as a second delivery that lost its own does."""
    old = world.clm.changes[0]
    facts = (f"EVT-late-{len(world.clm.changes)}", 0, old.type, old.agreement_id, old.revision, old.occurred_at, "user")
    world.clm.changes.append(Change(*facts, copy.deepcopy(old.agreement)))


def edit_if_there(world: World, **fields: object) -> None:
    if world.org.find("Contract", AGREEMENT):
        world.org.edit("Contract", AGREEMENT, **fields)


def delete_if_there(world: World) -> None:
    if world.org.find("Contract", AGREEMENT):
        world.org.delete("Contract", AGREEMENT)


STEPS: dict[str, Step] = {
    "the CLM changes the title": lambda world: world.agreement(AGREEMENT, title=f"Title {len(world.clm.changes)}"),
    "the agreement is executed": lambda world: world.agreement(AGREEMENT, stage="EXECUTED"),
    "the CLM names Ann": lambda world: name_contact(world, "PER-ann"),
    "Salesforce changes the title": lambda world: edit_if_there(world, CLM_Title__c="mine"),
    "Salesforce names Bob": lambda world: edit_if_there(world, CustomerSignedId=world.contact_id("PER-bob")),
    "Bea takes over in Salesforce": lambda world: edit_if_there(world, OwnerId="005BEA"),
    "the contract is deleted in Salesforce": delete_if_there,
    "an old event comes late": deliver_late,
    "the sync runs": lambda world: world.run(),
    "the sync runs without a look": lambda world: world.run(looks=False),
}


def faults_of(world: World) -> list[str]:
    """What is wrong at the end of a story; nothing when all is well."""
    world.run()
    contract, agreement = world.org.find("Contract", AGREEMENT), world.clm.agreements[AGREEMENT]
    if contract is None:
        return ["the contract is lost"]
    parked = {row.field for row in world.state.read_parked()}
    contact = (agreement["counterparty"]["contact"] or {}).get("id")
    signed = world.org.records["Contact"].get(str(contract.get("CustomerSignedId")), {}).get("CLM_Person_Id__c")
    owner = world.org.records["User"][contract["OwnerId"]]["Email"]
    expected = {
        "the systems do not come to rest": world.run().events == 0,
        "a contract is doubled": world.org.count("Contract") == 1,
        "the title is not the CLM's": contract["CLM_Title__c"] == agreement["title"],
        "the owner is not Salesforce's": agreement["business_owner"]["email"] == owner,
        "the contacts differ and nobody was told": contact == signed or "primary_contact" in parked,
        "reconcile finds differences": world.reconcile().differences == [],
        "events wait": "waiting" not in world.state.inbox.count_outcomes(),
        "the audit chain is broken": find_break(world.state.read_audit()) is None,
    }
    return [fault for fault, is_well in expected.items() if not is_well]


@pytest.mark.parametrize("first", STEPS)
def test_every_story_of_three_steps_ends_equal(first: str) -> None:
    failed: list[str] = []
    for rest in product(STEPS, repeat=2):
        world = World()
        world.agreement(AGREEMENT)
        world.run()
        story = (first, *rest)
        for step in story:
            STEPS[step](world)
        failed += [f"{'; '.join(story)}: {fault}" for fault in faults_of(world)]
        world.state.close()
    assert failed == []
