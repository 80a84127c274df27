"""Two processes on one state at the same time: each is shown safe beside the other, or one is refused and told whom to wait for."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.clmkit.sync.postgres import PostgresServer
from tests.clmkit.sync.test_sweep import LATER, TreeOrg
from tests.clmkit.sync.test_sweep import run as sweep
from tests.clmkit.sync.world import World, no_sleep

from clmkit.sync.audit import find_break
from clmkit.sync.claims import CLAIM_SECONDS
from clmkit.sync.database import StateError, Target
from clmkit.sync.erasure import erase
from clmkit.sync.redrive import Filter, apply_redrive, plan_redrive
from clmkit.sync.replay import apply_replay
from clmkit.sync.second_look import PAUSES
from clmkit.sync.sole import alone, find_worker, name_worker, sole_sync
from clmkit.sync.state import State
from clmkit.sync.sweep import Sweep, SweepReport, open_cases

RUNNING = "clmkit sync run --follow (process 4711 on db7)"


@pytest.fixture
def world(target: Target) -> Iterator[World]:
    made = World(org=TreeOrg(), state_path=target)
    for number in range(1, 5):
        made.agreement(f"AGR-00000{number}")
    made.run()
    made.run()
    yield made
    made.restart()


def apart(act: Callable[[], object]) -> None:
    """As another process does: in a loop of its own."""
    with ThreadPoolExecutor(1) as process:
        process.submit(act).result(60)


def sweep_beside(world: World, sleep: Callable[[float], Any] = no_sleep) -> SweepReport:
    """A sweep of another process while a sync is at work."""
    org = world.org
    assert isinstance(org, TreeOrg)
    with closing(State(world.state_path)) as state:
        report = asyncio.run(Sweep(world.spec, state, org, lambda: LATER, lambda: True, sleep).run())
        open_cases(state, report, LATER)
        return report


def test_a_row_that_is_on_its_way_is_neither_wrong_nor_an_orphan_to_a_sweep_beside_the_sync(world: World) -> None:
    """It is in Salesforce, and the sync has not remembered it yet."""
    reports: list[SweepReport] = []

    def look(_sobject: str, _records: object) -> None:
        apart(lambda: reports.append(sweep_beside(world)))

    assert sweep(world).is_clean
    world.org.after_commit = look
    world.agreement("AGR-000002", title="on its way")
    world.agreement("AGR-000009", title="new")
    world.run()
    world.org.after_commit = lambda *_: None
    assert [report.findings for report in reports] == [[]] * len(reports)
    assert max(report.undecided for report in reports) == 2
    assert not reports[0].is_clean
    assert sweep_beside(world).is_clean
    assert world.state.read_parked() == []


def test_what_is_wrong_is_found_beside_a_sync_that_is_at_work_on_something_else(world: World) -> None:
    reports: list[SweepReport] = []
    world.org.edit("Contract", "AGR-000003", CLM_Title__c="wrong")
    world.org.after_commit = lambda *_: apart(lambda: reports.append(sweep_beside(world)))
    world.agreement("AGR-000002", title="on its way")
    asyncio.run(world.engine().run(looks=False))
    world.org.after_commit = lambda *_: None
    assert [(one.kind, one.key) for one in reports[0].findings] == [("wrong", "AGR-000003")]


def test_a_sweep_waits_until_what_was_under_way_is_settled(world: World) -> None:
    """The row is remembered while the sweep rests between two looks."""
    sweep(world)
    pauses: list[float] = []
    record = world.org.add("Contract", CLM_Id__c="AGR-000009")
    world.agreement("AGR-000009")
    asyncio.run(world.engine().look())

    async def rest(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            apart(world_run)

    def world_run() -> None:
        beside = copy.copy(world)
        beside.worker, beside._state = "beside", None
        asyncio.run(beside.engine().run())
        beside.restart()

    report = sweep_beside(world, rest)
    assert (report.findings, report.undecided, pauses) == ([], 0, list(PAUSES[:3]))
    assert world.contract("AGR-000009")["Id"] == record


def test_two_sweeps_at_once_find_the_same_and_leave_a_tree_that_finds_it_again(world: World) -> None:
    world.state.database.change("DELETE FROM tree_leaf")
    world.org.edit("Contract", "AGR-000003", CLM_Title__c="wrong")
    org, reports = world.org, list[SweepReport]()
    assert isinstance(org, TreeOrg)

    async def both() -> None:
        with closing(State(world.state_path)) as one, closing(State(world.state_path)) as other:
            sweeps = (Sweep(world.spec, state, org, lambda: LATER) for state in (one, other))
            reports.extend(await asyncio.gather(*(each.run() for each in sweeps)))

    asyncio.run(both())
    assert [[one.key for one in report.findings] for report in (*reports, sweep(world))] == [["AGR-000003"]] * 3


def redrive(world: World, state: State) -> None:
    apply_redrive(state, plan_redrive(state, Filter()), "2026-11-22T10:00:00.000Z")


def replay(world: World, state: State) -> None:
    engine = world.engine()
    engine.state = state
    apply_replay(engine, "AGR-000009")


@pytest.mark.parametrize("act", [redrive, replay])
def test_what_is_put_back_to_work_twice_and_beside_a_run_is_written_once(
    world: World, act: Callable[[World, State], None]
) -> None:
    world.org.refuse["AGR-000009"] = ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "not yet")
    world.agreement("AGR-000009")
    world.run()
    assert [row.key for row in world.state.read_parked(kind="row")] == ["AGR-000009"]
    del world.org.refuse["AGR-000009"]

    def twice() -> None:
        with closing(State(world.state_path)) as one, closing(State(world.state_path)) as other:
            act(world, one)
            act(world, other)

    world.agreement("AGR-000001", title="newer")
    struck: list[None] = []

    def strike(_sobject: str, _records: object) -> None:
        if not struck:
            struck.append(None)
            apart(twice)

    world.org.after_commit = strike
    reports = [world.run(), world.run()]
    assert sum(report.rows_created.get("Contract", 0) for report in reports) == 1
    assert (world.org.count("Contract"), world.state.read_parked()) == (5, [])
    assert "waiting" not in world.state.inbox.count_outcomes()
    assert find_break(world.state.read_audit()) is None
    assert world.reconcile().is_clean


def test_the_holder_of_a_state_file_is_known_by_name(tmp_path: Path) -> None:
    path = tmp_path / "sync.sqlite"
    with closing(State(path)) as state:
        assert find_worker(path, state, "") == ""
        with sole_sync(path, RUNNING):
            assert find_worker(path, state, "") == RUNNING
        with sole_sync(path, "clmkit sync backfill (process 4712 on db7)"), pytest.raises(StateError) as told:
            find_worker(path, state, "")
        assert find_worker(path, state, "") == ""
    assert str(told.value) == "clmkit sync backfill (process 4712 on db7) works with this state; wait for its end."


def test_a_worker_is_named_by_its_work_and_process_and_never_twice() -> None:
    names = {name_worker("clmkit sync run") for _ in range(9)}
    assert len(names) == 9
    assert all(name.startswith("clmkit sync run (process ") for name in names)


def test_what_has_to_be_alone_waits_for_workers_and_workers_wait_for_it(postgres: PostgresServer) -> None:
    world = World(state_path=postgres.new_database(), worker=RUNNING)
    world.agreement()
    world.run()
    beside = State(world.state_path)
    with closing(beside):
        world.state.inbox.claim(["AGR-000001"], RUNNING, CLAIM_SECONDS, 0.0)
        with pytest.raises(StateError) as told, alone(beside, "clmkit sync backfill"):
            pass
        words = (
            f"{RUNNING} is at work on this state. `clmkit sync pause --reason ...` lets it rest; then run this again."
        )
        assert str(told.value) == words
        world.state.inbox.release(RUNNING)
        world.agreement(title="newer")
        with alone(beside, "clmkit sync backfill"):
            report = world.run()
            words = "clmkit sync backfill has to be alone with this state; this one goes on when it has ended."
            assert (report.stopped, report.events) == (words, 0)
            with (
                closing(State(world.state_path)) as third,
                pytest.raises(StateError),
                alone(third, "clmkit audit erase"),
            ):
                pass
            assert asyncio.run(world.engine().look()) is None
            assert find_others(world) == {"clmkit sync backfill"}
        assert world.run().pushed == 1
    world.restart()


def find_others(world: World) -> set[str]:
    return world.state.inbox.find_others(world.worker)


def test_whoever_was_alone_and_died_is_in_nobodys_way(postgres: PostgresServer) -> None:
    world = World(state_path=postgres.new_database(), worker=RUNNING)
    world.agreement()
    dead = State(world.state_path)
    dead.database.sign_on("dead")
    assert dead.inbox.claim_all("dead") == set()
    dead.close()
    waiting = 0
    while world.run().stopped:
        waiting += 1
        assert waiting < 10_000, "the dead one is still there"
    assert world.org.count("Contract") == 1
    world.restart()


def test_an_erasure_that_somebody_reads_beside_says_that_it_is_not_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clmkit.sync.database_sqlite.WAIT_SECONDS", 0.01)
    path = tmp_path / "sync.sqlite"
    with closing(State(path)) as state, closing(State(path)) as reader:
        with state.transaction():
            state.record("2026-11-22T10:00:00.000Z", "created", {"key": "AGR-1"})
        reader.database.execute("BEGIN")
        reader.database.execute("SELECT count(*) FROM audit")
        with pytest.raises(StateError) as told:
            erase(state, ["AGR-1"], "request", "2026-11-22T10:00:00.000Z", unlink=False)
        reader.database.execute("COMMIT")
        words = "another process reads it, and what was taken out is still in the log beside it. Run this again."
        assert str(told.value) == f"{path}: {words}"
        erase(state, ["AGR-1"], "request", "2026-11-22T10:00:00.000Z", unlink=False)
    assert b"AGR-1" not in b"".join(one.read_bytes() for one in tmp_path.glob("sync.sqlite*"))
