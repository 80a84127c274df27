"""The first load by Bulk API 2.0: every row ends as a round would have written it, whatever ends the process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from tests.clmkit.sync.bulk_org import BulkOrg
from tests.clmkit.sync.fake_clm import FakeClm
from tests.clmkit.sync.fake_org import OWNER, Killed
from tests.clmkit.sync.world import ACME, World

from clmkit.clients.clm import JsonObject, Unread
from clmkit.sync.audit import find_break
from clmkit.sync.backfill import Backfill, BackfillReport
from clmkit.sync.database import Target
from clmkit.sync.lineage import find_lineage
from clmkit.sync.load import Loader
from clmkit.sync.state import Link

STAGES = ("DRAFT", "ACTIVE", "EXPIRED", "TERMINATED")


def new_world(target: Any = ":memory:", count: int = 40) -> tuple[World, BulkOrg]:
    org = BulkOrg()
    world = World(org=org, state_path=target)
    for number in range(1, count + 1):
        one = f"AGR-{number:06d}"
        world.agreement(
            one,
            title=f'Title "{number}"',
            stage=STAGES[number % len(STAGES)],
            business_owner={"email": "integration@example.com"},
            amends=f"AGR-{number + 1:06d}" if number % 7 == 0 and number < count else None,
            parties=[{"id": f"PTY-{number}-{side}", "name": f"Side {side}", "role": "other"} for side in range(2)],
        )
    return world, org


@pytest.fixture
def scene(target: Target) -> Iterator[tuple[World, BulkOrg]]:
    """The same stories on both databases."""
    world, org = new_world(target)
    yield world, org
    world.restart()


def backfill(world: World, org: BulkOrg, batch: int = 1000, rows_per_job: int = 100_000) -> BackfillReport:
    engine = world.engine()
    loader = Loader(world.state, org, engine.now, lambda: 0.0, uuid4().hex, rows_per_job=rows_per_job)
    return asyncio.run(Backfill(engine, loader, batch=batch).run())


def links(world: World) -> dict[tuple[str, str], Link]:
    """By what both systems know, without what each org gives by itself."""
    found = world.state.find_links_of_agreements(world.clm.agreements)
    return {(one.object, one.key): msgspec.structs.replace(one, record_id="", lookups={}, modstamp="") for one in found}


def values(world: World, sobject: str) -> dict[str, dict[str, Any]]:
    ids = {
        row["Id"]: row.get("CLM_Id__c") or row.get("CLM_Party_Id__c") or row.get("Email")
        for rows in world.org.records.values()
        for row in rows.values()
    }
    return {
        row["CLM_Id__c"]: {
            name: ids.get(value, str(value))
            for name, value in row.items()
            if name not in ("Id", "SystemModstamp") and value is not None
        }
        for row in world.org.records[sobject].values()
    }


def test_both_systems_are_as_the_rounds_would_have_left_them(scene: tuple[World, BulkOrg]) -> None:
    loaded, org = scene
    report = backfill(loaded, org)
    assert (report.agreements, report.loaded, report.left, report.waiting, report.refused) == (40, 40, 0, 0, 0)
    assert report.rows == {"contract": 40, "party": 80}
    rounds = World()
    rounds.clm = new_world()[0].clm
    rounds.run()
    for sobject in ("Contract", "CLM_Party__c"):
        assert values(loaded, sobject) == values(rounds, sobject)
    assert links(loaded) == links(rounds)
    assert loaded.reconcile().differences == []


def test_the_first_run_after_it_sends_nothing(scene: tuple[World, BulkOrg]) -> None:
    world, org = scene
    backfill(world, org)
    org.calls.clear()
    patched = len(world.clm.changes)
    report = world.run(looks=False)
    assert (report.events, org.calls, len(world.clm.changes) - patched) == (0, [], 0)
    looked = world.run()
    assert (looked.events, set(org.calls), len(world.clm.changes) - patched) == (0, {"query"}, 0)


def test_the_rounds_at_its_end_write_nothing_either(scene: tuple[World, BulkOrg]) -> None:
    world, org = scene
    report = backfill(world, org)
    assert (report.rounds.rows_created, report.rounds.rows_updated, report.rounds.patches) == ({}, {}, 0)
    assert "collections" not in org.calls


def test_parents_go_first_and_status_values_and_references_to_its_own_kind_follow(scene: tuple[World, BulkOrg]) -> None:
    world, org = scene
    backfill(world, org)
    assert [call for call in org.calls if call.startswith("bulk")] == [
        "bulk Contract", "bulk Contract", "bulk Contract", "bulk Contract", "bulk CLM_Party__c",
    ]  # fmt: skip
    assert world.contract("AGR-000007")["CLM_Amends__c"] == world.contract("AGR-000008")["Id"]
    assert world.contract("AGR-000003")["Status"] == "Terminated"


def test_batches_are_sent_one_after_the_other() -> None:
    world, org = new_world(count=250)
    report = backfill(world, org, batch=100, rows_per_job=25)
    assert (report.loaded, report.rows["contract"], world.org.count("Contract")) == (250, 250, 250)
    assert world.reconcile().differences == []


def test_every_row_that_was_loaded_has_a_lineage(scene: tuple[World, BulkOrg]) -> None:
    world, org = scene
    backfill(world, org)
    for field in ("CLM_Title__c", "Status", "AccountId"):
        assert find_lineage(world.state, "AGR-000002", field).is_current
    assert find_lineage(world.state, "PTY-1-0", "Contract__c").is_current
    assert find_break(world.state.read_audit()) is None


def test_what_salesforce_refuses_is_a_dead_letter_and_what_hangs_below_it_says_why(
    scene: tuple[World, BulkOrg],
) -> None:
    world, org = scene
    org.refuse["AGR-000001"] = ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "No.")
    report = backfill(world, org)
    parked = {(row.object, row.key, row.kind, row.steward) for row in world.state.read_parked()}
    assert parked == {
        ("contract", "AGR-000001", "row", "legal_ops"),
        ("party", "PTY-1-0", "row", "legal_ops"),
        ("party", "PTY-1-1", "row", "legal_ops"),
    }
    assert (report.refused, report.is_clean) == (3, False)
    org.refuse.clear()
    world.state.inbox.redrive(["AGR-000001"], "later")
    world.run()
    assert world.state.read_parked() == []
    assert world.reconcile().differences == []


def test_what_meets_a_lock_is_left_to_the_rounds(scene: tuple[World, BulkOrg]) -> None:
    world, org = scene
    org.refuse["AGR-000001"] = ("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record")
    world.org.before_commit = lambda sobject, records: org.refuse.clear()
    report = backfill(world, org)
    assert report.rounds.rows_created["Contract"] == 1
    assert world.reconcile().differences == []


def test_a_contract_that_is_in_salesforce_already_is_decided_by_the_rounds(scene: tuple[World, BulkOrg]) -> None:
    world, org = scene
    account = next(iter(world.org.records["Account"]))
    world.org.add(
        "Contract", CLM_Id__c="AGR-000002", CLM_Title__c="theirs", OwnerId=OWNER, Status="Draft", AccountId=account
    )
    report = backfill(world, org)
    assert (report.loaded, report.left) == (39, 1)
    assert (report.rounds.rows_updated["Contract"], world.org.count("Contract")) == (1, 40)
    assert world.reconcile().differences == []


def test_an_agreement_that_waits_for_a_person_is_counted(scene: tuple[World, BulkOrg]) -> None:
    world, org = scene
    world.agreement("AGR-000005", counterparty={"id": "PTY-none", "name": "None", "contact": None})
    report = backfill(world, org)
    assert (report.agreements, report.loaded, report.waiting) == (40, 39, 1)
    reasons = {row.key: row.reason for row in world.state.read_parked()}
    assert reasons["AGR-000005"].startswith("Salesforce has no Account with CLM_Party_Id__c 'PTY-none'.")
    assert reasons["PTY-5-0"] == "It waits for Contract AGR-000005, which waits itself."


def test_a_text_that_csv_cannot_say_goes_another_way(scene: tuple[World, BulkOrg]) -> None:
    world, org = scene
    world.agreement("AGR-000006", title="#N/A")
    report = backfill(world, org)
    assert (report.left, world.contract("AGR-000006")["CLM_Title__c"]) == (1, "#N/A")


def test_what_changes_meanwhile_comes_with_the_rounds(scene: tuple[World, BulkOrg]) -> None:
    world, org = scene
    changes = iter([lambda: world.agreement("AGR-000001", title="newer")])

    def strike(name: str) -> None:
        if name == "before finish":
            next(changes, lambda: None)()

    org.strike = strike
    backfill(world, org)
    assert world.contract("AGR-000001")["CLM_Title__c"] == "newer"
    assert world.reconcile().differences == []


POINTS = [f"{when} {step}" for step in ("create", "upload", "finish") for when in ("before", "after")] + [
    "before results"
]


@pytest.mark.parametrize("place", [2, 5])
@pytest.mark.parametrize("point", POINTS)
def test_a_backfill_that_is_killed_goes_on(scene: tuple[World, BulkOrg], point: str, place: int) -> None:
    world, org = scene
    seen: list[str] = []

    def strike(name: str) -> None:
        seen.append(name)
        if name == point and seen.count(point) == place:
            raise Killed

    org.strike = strike
    with pytest.raises(Killed):
        backfill(world, org, batch=1000, rows_per_job=30)
    org.strike = lambda name: None
    world.restart()
    assert "a backfill is under way" in world.state.get_cursor("pause")
    report = backfill(world, org, batch=1000, rows_per_job=30)
    assert (report.agreements, report.loaded, report.refused) == (40, 40, 0)
    assert (world.org.count("Contract"), world.org.count("CLM_Party__c")) == (40, 80)
    assert world.reconcile().differences == []
    assert find_break(world.state.read_audit()) is None
    org.calls.clear()
    assert (world.run(looks=False).events, org.calls) == (0, [])


@dataclass
class SpoiltClm(FakeClm):
    """One agreement of its list does not read."""

    async def read_agreements(self, limit: int = 200) -> AsyncIterator[JsonObject | Unread]:  # type: ignore[override]
        yield Unread("AGR-000099", "AGR-000099", "it has no revision")
        async for one in super().read_agreements(limit):
            yield one


def test_a_backfill_that_is_killed_goes_on_over_an_agreement_that_does_not_read(target: Target) -> None:
    world, org = new_world(target, 8)
    world.clm = SpoiltClm(world.clm.agreements, world.clm.changes)

    def strike(_name: str) -> None:
        raise Killed

    for _ in range(2):
        org.strike = strike
        with pytest.raises(Killed):
            backfill(world, org, batch=1000)
        world.restart()
    org.strike = lambda name: None
    report = backfill(world, org, batch=1000)
    assert (report.agreements, report.loaded, report.waiting) == (9, 8, 1)
    assert [row.key for row in world.state.read_parked()] == ["AGR-000099"]
    world.restart()


def test_an_account_is_not_made_twice(scene: tuple[World, BulkOrg]) -> None:
    world, org = scene
    backfill(world, org)
    assert [row["CLM_Party_Id__c"] for row in world.org.records["Account"].values()].count(ACME) == 1
