"""What a worker does when a batch is its turn."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest
from tests.clmkit.sync.world import World

from clmkit.sync.report import RunReport
from clmkit.worker.bench import MOST_LEASES, Bench, Done, Outage


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(state_path=tmp_path / "sync.sqlite")
    for number in range(1, 6):
        world.agreement(f"AGR-{number:06d}")
    return world


def test_a_look_tells_for_how_many_leases_there_is_work(world: World) -> None:
    async def look() -> list[int]:
        engine = world.engine()
        engine.page = 2
        bench = Bench(engine, "one", lambda _: None)
        return [await bench.look(), await bench.look()]

    assert asyncio.run(look()) == [3, 3]


def test_one_worker_asks_for_so_many_leases_at_most(world: World) -> None:
    for number in range(6, MOST_LEASES + 6):
        world.agreement(f"AGR-{number:06d}")

    async def look() -> int:
        engine = world.engine()
        engine.page = 1
        return await Bench(engine, "one", lambda _: None).look()

    assert asyncio.run(look()) == MOST_LEASES


def test_a_batch_settles_one_lease_and_says_so(world: World) -> None:
    told: list[Done] = []

    async def settle() -> tuple[Done, bool]:
        engine = world.engine()
        engine.page = 2
        bench = Bench(engine, "one", told.append)
        await bench.look()
        done = await asyncio.to_thread(bench.settle)
        return done, bench.settled.is_set()

    done, may_have_more = asyncio.run(settle())
    assert told == [done]
    assert (done.worker, done.events, done.pushed, done.stopped, may_have_more) == ("one", 2, 2, "", True)
    assert world.org.count("Contract") == 2


def test_a_batch_that_finds_nothing_is_silent(world: World) -> None:
    told: list[Done] = []

    async def settle() -> tuple[int, bool]:
        bench = Bench(world.engine(), "one", told.append)
        return (await asyncio.to_thread(bench.settle)).events, bench.settled.is_set()

    assert (asyncio.run(settle()), told) == ((0, False), [])


@pytest.mark.parametrize("is_outage", [True, False])
def test_only_an_outage_is_worth_another_try(world: World, monkeypatch: pytest.MonkeyPatch, is_outage: bool) -> None:
    told: list[Done] = []

    async def settle() -> Done:
        engine = world.engine()
        report = await engine.run(lambda: True)

        async def stop(*_: object, **__: object) -> RunReport:
            return msgspec.structs.replace(report, stopped="Nobody answers.", is_outage=is_outage)

        monkeypatch.setattr(type(engine), "run", stop)
        return await asyncio.to_thread(Bench(engine, "one", told.append).settle)

    if is_outage:
        with pytest.raises(Outage, match=r"^Nobody answers\.$"):
            asyncio.run(settle())
        assert told == []
    else:
        assert asyncio.run(settle()).stopped == "Nobody answers."
        assert [done.stopped for done in told] == ["Nobody answers."]
