"""What can happen to one agreement on both sides, told for any mapping, and what has to hold at the end whatever happened."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

from tests.clmkit.sync.fuse import Fuse, fused
from tests.clmkit.sync.world import ACME, SHIPPED, World

from clmkit import templates
from clmkit.clients.clm import Change
from clmkit.mapping.model import FieldMapping, Spec
from clmkit.sync.audit import find_break
from clmkit.sync.engine import load_linted
from clmkit.templates.catalogue import TEMPLATES

AGREEMENT = "AGR-000001"
CONTACT = "counterparty.contact.id"
Step = Callable[[World], object]

# a mapping that is shipped, or that a template begins with -> its file and a kind of agreement that it knows
MAPPINGS: dict[str, tuple[Path, str]] = {
    "contract": (SHIPPED, "Supply Agreement"),
    **{
        name: (Path(templates.__file__).parent / template.file, template.contract_types[0])
        for name, template in TEMPLATES.items()
    },
}


@cache
def spec_of(mapping: str) -> Spec:
    return load_linted(MAPPINGS[mapping][0])


def begin(mapping: str, state_path: Path | str = ":memory:", page: int = 500) -> World:
    """Both systems before the first run, with one agreement in the CLM."""
    world = World(spec_of(mapping), state_path=state_path, page=page)
    world.agreement(AGREEMENT, contract_type=MAPPINGS[mapping][1])
    return world


def title_of(spec: Spec) -> str:
    """The API name of the title, which the CLM owns."""
    return _column(spec, "title").salesforce


def find_contact(spec: Spec) -> FieldMapping | None:
    """The shared field, where the mapping has one."""
    assert spec.header is not None
    return next((column for column in spec.header.columns if column.clm == CONTACT), None)


def _column(spec: Spec, path: str) -> FieldMapping:
    assert spec.header is not None
    return next(column for column in spec.header.columns if column.clm == path)


def name_contact(world: World, person: str | None, agreement: str = AGREEMENT) -> None:
    contact = None if person is None else {"id": person, "name": None, "email": None}
    world.agreement(agreement, counterparty={"id": ACME, "name": "ACME", "contact": contact})


def deliver_late(world: World, place: int = 0) -> None:
    """An event comes again under a new id, as a second delivery that lost its own does."""
    old = world.clm.changes[place % len(world.clm.changes)]
    facts = (f"EVT-late-{len(world.clm.changes)}", 0, old.type, old.agreement_id, old.revision, old.occurred_at, "user")
    world.clm.changes.append(Change(*facts, copy.deepcopy(old.agreement)))


def edit_if_there(world: World, agreement: str = AGREEMENT, **fields: object) -> None:
    if world.org.find("Contract", agreement):
        world.org.edit("Contract", agreement, **fields)


def delete_if_there(world: World, agreement: str = AGREEMENT) -> None:
    if world.org.find("Contract", agreement):
        world.org.delete("Contract", agreement)


def run_and_die(world: World, point: int) -> None:
    with fused(world, Fuse(point)):
        world.run()


OBLIGATION = {
    "id": "OBL-1",
    "title": "Report",
    "responsible": "counterparty",
    "due": "2026-12-01",
    "recurs": None,
    "owner": None,
}
APPROVAL = {"id": "APV-1", "approver": "cfo@example.com", "step": 1, "rule": None}
ENVELOPE = "ENV-1"


def settle_obligation(world: World) -> None:
    """A duty comes up, and is settled the next time."""
    before = world.clm.agreements[AGREEMENT]["obligations"]
    settled = {"status": "fulfilled", "settled_on": "2026-11-30"} if before else {"status": "open", "settled_on": None}
    world.agreement(AGREEMENT, obligations=[{**OBLIGATION, **settled}])


def decide_approval(world: World) -> None:
    """Somebody is asked, and approves the next time."""
    before = world.clm.agreements[AGREEMENT]["approvals"]
    decided = {"decision": "approved", "decided_by": "cfo"} if before else {"decision": "pending", "decided_by": None}
    world.agreement(AGREEMENT, approvals=[{**APPROVAL, **decided}])


def send_envelope(world: World) -> None:
    """It goes out to be signed, and is complete the next time."""
    before = world.clm.agreements[AGREEMENT]["signature"]
    world.agreement(AGREEMENT, signature={"envelope_id": ENVELOPE, "status": "completed" if before else "sent"})


STEPS: dict[str, Step] = {
    "the CLM changes the title": lambda world: world.agreement(AGREEMENT, title=f"Title {len(world.clm.changes)}"),
    "the agreement is executed": lambda world: world.agreement(AGREEMENT, stage="EXECUTED"),
    "the CLM names Ann": lambda world: name_contact(world, "PER-ann"),
    "an obligation comes up or is settled": settle_obligation,
    "somebody is asked to approve or approves": decide_approval,
    "the envelope goes out or is complete": send_envelope,
    "Salesforce changes the title": lambda world: edit_if_there(world, **{title_of(world.spec): "mine"}),
    "Salesforce names Bob": lambda world: edit_if_there(world, CustomerSignedId=world.contact_id("PER-bob")),
    "Bea takes over in Salesforce": lambda world: edit_if_there(world, OwnerId="005BEA"),
    "the contract is deleted in Salesforce": delete_if_there,
    "an old event comes late": deliver_late,
    "the sync runs": lambda world: world.run(),
    "the sync runs without a look": lambda world: world.run(looks=False),
}


# what a step changes in the CLM -> the step
_OF_OBJECTS = {
    "agreements.obligations": "an obligation comes up or is settled",
    "agreements.approvals": "somebody is asked to approve or approves",
    "agreements.signature": "the envelope goes out or is complete",
}


def steps_of(mapping: str) -> list[str]:
    """The steps that mean something to a mapping."""
    spec = spec_of(mapping)
    mapped = {one.clm for one in spec.objects}
    idle = {step for path, step in _OF_OBJECTS.items() if path not in mapped}
    if find_contact(spec) is None:
        idle |= {"the CLM names Ann", "Salesforce names Bob"}
    return [step for step in STEPS if step not in idle]


def find_faults(world: World, agreements: Iterable[str] = (AGREEMENT,)) -> list[str]:
    """What is wrong at the end of a story; nothing when all is well."""
    world.run()
    is_at_rest = world.run().events == 0
    faults = [fault for agreement in agreements for fault in _faults_of(world, agreement)]
    expected = {
        "the systems do not come to rest": is_at_rest,
        "a contract is lost or doubled": world.org.count("Contract") == len(world.clm.agreements),
        "reconcile finds differences": world.reconcile().differences == [],
        "events wait": "waiting" not in world.state.inbox.count_outcomes(),
        "the audit chain is broken": find_break(world.state.read_audit()) is None,
    }
    return [*faults, *(fault for fault, is_well in expected.items() if not is_well)]


def _faults_of(world: World, name: str) -> Iterator[str]:
    contract, agreement = world.org.find("Contract", name), world.clm.agreements[name]
    if contract is None:
        yield f"{name} is lost"
        return
    told = {row.field for row in world.state.read_parked() if row.agreement_id == name}
    if contract[title_of(world.spec)] != agreement["title"] and "title" not in told:
        yield f"the title of {name} is not the CLM's and nobody was told"
    if (agreement["business_owner"] or {}).get("email") != world.org.records["User"][contract["OwnerId"]]["Email"]:
        yield f"the owner of {name} is not Salesforce's"
    shared = find_contact(world.spec)
    if shared is not None:
        contact = (agreement["counterparty"]["contact"] or {}).get("id")
        signed = world.org.records["Contact"].get(str(contract.get("CustomerSignedId")), {})
        if contact != signed.get(f"{world.spec.prefix}_Person_Id__c") and shared.name not in told:
            yield f"the contacts of {name} differ and nobody was told"


def tell(mapping: str, story: Iterable[str]) -> list[str]:
    """Play a story from two systems that agree; what is wrong at its end, in sentences."""
    world = begin(mapping)
    world.run()
    told = list(story)
    for step in told:
        STEPS[step](world)
    faults = find_faults(world)
    world.restart()
    return [f"{'; '.join(told)}: {fault}" for fault in faults]
