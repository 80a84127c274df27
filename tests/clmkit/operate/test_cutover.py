"""A cutover: each step once, whatever ends the process; refused when both systems differ; taken back with its data."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from tests.clmkit.sync.bulk_org import BulkOrg
from tests.clmkit.sync.fake_org import OWNER, Killed
from tests.clmkit.sync.test_sweep import TreeOrg
from tests.clmkit.sync.world import World

from clmkit.clients.salesforce import RowResult
from clmkit.operate.cutover import Cutover, CutoverRefused, CutoverReport
from clmkit.sync.database import Target
from clmkit.sync.load import Loader


@dataclass
class CutoverOrg(BulkOrg, TreeOrg):
    async def delete_collection(self, record_ids: Sequence[str]) -> list[RowResult]:
        self.calls.append("delete")
        for one in record_ids:
            for rows in self.records.values():
                rows.pop(one, None)
        return [RowResult(one, created=False) for one in record_ids]


Scene = tuple[World, CutoverOrg]


@pytest.fixture
def scene(target: Target) -> Iterator[Scene]:
    """The same stories on both databases."""
    world, org = new_world(target)
    yield world, org
    world.restart()


def new_world(target: Target) -> Scene:
    org = CutoverOrg()
    world = World(org=org, state_path=target)
    for number in range(1, 6):
        owner = {"email": "integration@example.com"}
        party = {"id": f"PTY-{number}", "name": "Side", "role": "other"}
        stage = "ACTIVE" if number % 2 else "DRAFT"
        world.agreement(f"AGR-{number:06d}", stage=stage, business_owner=owner, parties=[party])
    return world, org


def cut_over(world: World, org: CutoverOrg, path: Path, **options: Any) -> CutoverReport:
    engine = world.engine()
    loader = Loader(world.state, org, engine.now, lambda: 0.0, uuid4().hex)
    return asyncio.run(Cutover(engine, loader, org, org, path / "before.jsonl", **options).run())


def picture(org: CutoverOrg) -> dict[str, Any]:
    return copy.deepcopy({name: rows for name, rows in org.records.items() if rows})


def test_the_four_steps_are_timed_and_the_sync_follows_then(scene: Scene, tmp_path: Path) -> None:
    world, org = scene
    ticks = iter(range(100))
    report = cut_over(world, org, tmp_path, clock=lambda: float(next(ticks)))
    assert [(step.name, step.seconds) for step in report.steps] == [
        ("freeze", 1.0), ("backfill", 1.0), ("compare", 1.0), ("switch", 1.0),
    ]  # fmt: skip
    assert report.steps[1].facts == {"agreements": 5, "loaded": 5, "waiting": 0, "jobs": 3}
    assert report.steps[3].facts["written"] == 0
    world.agreement("AGR-000001", title="after")
    world.run()
    assert world.contract()["CLM_Title__c"] == "after"


def test_a_rehearsal_leaves_salesforce_as_it_was_and_can_be_done_again(scene: Scene, tmp_path: Path) -> None:
    world, org = scene
    before = picture(org)
    for _ in range(2):
        report = cut_over(world, org, tmp_path, rehearses=True)
        assert report.steps[-1].name == "fall back"
        assert report.steps[-1].facts == {"rows deleted": 10, "rows as before": 0}
        assert picture(org) == before
        assert world.state.count_linked_agreements() == 0
    assert "fell back" in world.run().stopped
    assert cut_over(world, org, tmp_path).steps[-1].name == "switch"
    assert world.reconcile().differences == []


def test_values_that_were_there_before_come_back(scene: Scene, tmp_path: Path) -> None:
    world, org = scene
    account = next(iter(org.records["Account"]))
    theirs = {"OwnerId": OWNER, "Status": "Draft", "AccountId": account, "CLM_Title__c": "theirs"}
    org.add("Contract", CLM_Id__c="AGR-000002", **theirs)
    cut_over(world, org, tmp_path)
    assert world.contract("AGR-000002")["CLM_Title__c"] == "Supply"
    report = cut_over(world, org, tmp_path, falls_back=True)
    assert report.steps[-1].facts == {"rows deleted": 9, "rows as before": 1}
    assert {name: world.contract("AGR-000002")[name] for name in theirs} == theirs
    assert org.count("Contract") == 1


def test_a_difference_ends_the_cutover_before_the_switch(scene: Scene, tmp_path: Path) -> None:
    world, org = scene
    with pytest.raises(Killed):
        kill_in(world, org, tmp_path, "compare")
    org.edit("Contract", "AGR-000001", CLM_Title__c="wrong")
    words = "1 values differ and 1 rows are wrong; nothing was switched. `clmkit reconcile` lists them; run the cutover again"
    with pytest.raises(CutoverRefused, match=words):
        cut_over(world, org, tmp_path)
    world.run()
    assert [step.name for step in cut_over(world, org, tmp_path).steps] == ["freeze", "backfill", "compare", "switch"]


def kill_in(world: World, org: CutoverOrg, path: Path, step: str) -> None:
    """Let the process end when this step begins."""

    def tell(line: str) -> None:
        before = {"backfill": "freeze:", "compare": "backfill:", "switch": "compare:"}[step]
        if line.startswith(before):
            raise Killed

    cut_over(world, org, path, tell=tell)


@pytest.mark.parametrize("step", ["backfill", "compare", "switch"])
def test_a_cutover_that_is_killed_goes_on_with_its_step(scene: Scene, tmp_path: Path, step: str) -> None:
    world, org = scene
    with pytest.raises(Killed):
        kill_in(world, org, tmp_path, step)
    world.restart()
    told: list[str] = []
    cut_over(world, org, tmp_path, tell=told.append)
    done = ["freeze", "backfill", "compare", "switch"]
    assert [line for line in told if line.endswith("done before")] == [
        f"{one}: done before" for one in done[: done.index(step)]
    ]
    assert org.count("Contract") == 5


def test_a_state_that_knows_rows_is_not_cut_over(scene: Scene, tmp_path: Path) -> None:
    world, org = scene
    world.run()
    with pytest.raises(CutoverRefused, match="The sync knows rows already: a cutover is for a new state"):
        cut_over(world, org, tmp_path)


def test_the_way_back_needs_somebody_who_may_delete(scene: Scene, tmp_path: Path) -> None:
    world, org = scene
    engine = world.engine()
    loader = Loader(world.state, org, engine.now, lambda: 0.0, "worker")
    with pytest.raises(CutoverRefused, match="needs somebody who may delete records: give --org"):
        asyncio.run(Cutover(engine, loader, org, None, tmp_path / "before", rehearses=True).run())
