"""Whatever happens on both sides, with repeats, old news and kills: both systems end equal under the ownership rules.

A failing run shrinks to the shortest list of steps, each of which reads as what somebody did.
"""

import copy
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from tests.clmkit.sync.fuse import Fuse, fused
from tests.clmkit.sync.world import ACME, World

from clmkit.sync.audit import find_break

AGREEMENTS = ("AGR-000001", "AGR-000002")
MOVES = {
    "DRAFT": "NEGOTIATION",
    "NEGOTIATION": "APPROVAL",
    "APPROVAL": "EXECUTED",
    "EXECUTED": "ACTIVE",
    "ACTIVE": "EXPIRED",
}
PEOPLE = ("PER-ann", "PER-bob")

agreements = st.sampled_from(AGREEMENTS)
people = st.sampled_from(PEOPLE)
titles = st.sampled_from(("Supply", "Service", "Licence"))


def counterparty(person: str | None) -> dict[str, Any]:
    contact = None if person is None else {"id": person, "name": None, "email": None}
    return {"id": ACME, "name": "ACME", "contact": contact}


class TwoSystems(RuleBasedStateMachine):
    @initialize()
    def start(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="sync-"))
        self.world = World(state_path=self.folder / "sync.sqlite", page=3)
        for name in AGREEMENTS:
            self.world.agreement(name)

    @rule(name=agreements, title=titles)
    def somebody_edits_the_title_in_the_clm(self, name: str, title: str) -> None:
        self.world.agreement(name, title=title)

    @rule(name=agreements, person=people | st.none())
    def somebody_names_a_contact_in_the_clm(self, name: str, person: str | None) -> None:
        self.world.agreement(name, counterparty=counterparty(person))

    @rule(name=agreements)
    def the_agreement_moves_on(self, name: str) -> None:
        stage = self.world.clm.agreements[name]["stage"]
        self.world.agreement(name, stage=MOVES.get(stage, stage))

    @rule(name=agreements, end=st.sampled_from(("2030-01-01", "perpetual", "[]/[]/2030", None)))
    def somebody_edits_the_end_in_the_clm(self, name: str, end: str | None) -> None:
        self.world.agreement(name, term={"signed": None, "start": "2026-01-01", "end": end})

    @rule(name=agreements, title=titles)
    def somebody_edits_the_title_in_salesforce(self, name: str, title: str) -> None:
        if self.world.org.find("Contract", name):
            self.world.org.edit("Contract", name, CLM_Title__c=title)

    @rule(name=agreements, person=people | st.none())
    def somebody_names_a_contact_in_salesforce(self, name: str, person: str | None) -> None:
        if self.world.org.find("Contract", name):
            self.world.org.edit("Contract", name, CustomerSignedId=person and self.world.contact_id(person))

    @rule(name=agreements, owner=st.sampled_from(("005OWNER", "005BEA")))
    def somebody_changes_the_owner_in_salesforce(self, name: str, owner: str) -> None:
        if self.world.org.find("Contract", name):
            self.world.org.edit("Contract", name, OwnerId=owner)

    @rule(name=agreements)
    def somebody_deletes_the_contract_in_salesforce_and_the_next_change_brings_it_back(self, name: str) -> None:
        record = self.world.org.find("Contract", name)
        if record:
            del self.world.org.records["Contract"][record["Id"]]
            self.world.agreement(name, title=f"after deletion {len(self.world.clm.changes)}")
            self.world.run()

    @rule(name=agreements)
    def somebody_deletes_the_contract_in_salesforce(self, name: str) -> None:
        if self.world.org.find("Contract", name):
            self.world.org.delete("Contract", name)

    @rule(place=st.integers(0, 50))
    def an_event_is_delivered_again(self, place: int) -> None:
        changes = self.world.clm.changes
        changes.append(changes[place % len(changes)])

    @rule(place=st.integers(0, 50))
    def an_old_event_comes_late(self, place: int) -> None:
        changes = self.world.clm.changes
        old = changes[place % len(changes)]
        late = type(old)(
            f"EVT-late-{len(changes)}",
            0,
            old.type,
            old.agreement_id,
            old.revision,
            old.occurred_at,
            "user",
            copy.deepcopy(old.agreement),
        )
        changes.append(late)

    @rule()
    def the_sync_runs(self) -> None:
        self.world.run()

    @rule(point=st.integers(0, 40))
    def the_sync_is_killed(self, point: int) -> None:
        with fused(self.world, Fuse(point)):
            self.world.run()

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        try:
            self._check()
        finally:
            self.world.restart()
            shutil.rmtree(self.folder)

    def _check(self) -> None:
        world = self.world
        world.run()
        assert world.run().events == 0, "the systems do not come to rest"
        assert world.org.count("Contract") == len(AGREEMENTS), "a contract was lost or doubled"
        assert world.reconcile().differences == []
        for name in AGREEMENTS:
            contract, agreement = world.contract(name), world.clm.agreements[name]
            assert contract["CLM_Title__c"] == agreement["title"]
            assert agreement["business_owner"]["email"] == world.org.records["User"][contract["OwnerId"]]["Email"]
        assert find_break(world.state.read_audit()) is None
        assert "waiting" not in world.state.inbox.count_outcomes()


TwoSystems.TestCase.settings = settings(
    max_examples=60, stateful_step_count=14, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
test_both_systems_end_equal_whatever_happens = TwoSystems.TestCase
