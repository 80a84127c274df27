"""What a worker does when a batch is its turn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from tests.clmkit.sync.fake_org import FakeOrg
from tests.clmkit.sync.world import World

from clmkit.clients.errors import Unreachable
from clmkit.clients.salesforce import Record
from clmkit.mapping.model import Latency, LatencyClass
from clmkit.sync.outage import Place, find_outage, find_outages, note_outage
from clmkit.sync.report import RunReport
from clmkit.sync.schedule import Pace
from clmkit.worker.bench import MOST_LEASES, Bench, Done, Outage, attend


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


def test_a_worker_looks_at_both_systems_only_when_none_has_for_so_many_seconds(world: World) -> None:
    async def look(at: str) -> int:
        world.now = f"2026-11-22T10:00:{at}Z"
        engine = world.engine()
        await Bench(engine, "one", lambda _: None).look(2.0)
        return engine.state.inbox.last_sequence()

    assert asyncio.run(look("00.000")) == 5
    world.agreement("AGR-000006")
    assert [asyncio.run(look(at)) for at in ("01.900", "02.000")] == [5, 6]


def test_there_is_work_again_when_what_waits_by_its_latency_class_is_due(world: World) -> None:
    promise = Latency(name="minutes", latency_class=LatencyClass.MINUTES, p99_seconds=600.0, at="", zone="org")
    world.pace = Pace({promise.name: promise})
    with world.state.transaction():
        world.state.schedule.hold("AGR-000001", {"minutes": ["title"]}, [], world.pace, "2026-11-22T10:00:00.000Z")

    async def look(at: str) -> int:
        world.now = f"2026-11-22T10:{at}:00.000Z"
        engine = world.engine()
        await engine.look()
        with engine.state.transaction():
            engine.state.put_cursor("settled", str(engine.state.inbox.last_sequence()))
        return await Bench(engine, "one", lambda _: None).look(3600.0)

    assert [asyncio.run(look(at)) for at in ("04", "05")] == [0, 1]


def play(world: World, turns: int, *, every: float = 0.0) -> tuple[list[int], list[str]]:
    """What a worker asks for and tells in so many turns: a turn is asked for, or ends in an outage."""
    asked: list[int] = []
    told: list[str] = []

    async def run() -> None:
        engine, stopped = world.engine(), asyncio.Event()
        engine.chance = lambda: 0.5
        bench = Bench(engine, "one", lambda _: None, told.append)
        loop = asyncio.get_running_loop()
        left = iter(range(turns - 1))

        def count() -> None:
            if next(left, None) is None:
                loop.call_soon_threadsafe(stopped.set)

        def ask(leases: int) -> None:
            asked.append(leases)
            count()

        note = bench.note_outage

        def note_and_count(place: Place, reason: str) -> None:
            note(place, reason)
            count()

        bench.note_outage = note_and_count  # type: ignore[method-assign]
        await attend(bench, ask, every, stopped, told.append)

    asyncio.run(run())
    return asked, told


NOBODY = "https://clm.example.com does not answer: nobody answers. Check that it runs and that the address is right."


async def fail(*_: object) -> None:
    raise Unreachable("https://clm.example.com", "nobody answers")


def test_while_a_system_does_not_answer_looks_become_rare_and_only_what_is_new_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as away:
        away.setattr(world.clm, "read_changes", fail)
        asked, told = play(world, 6, every=0.01)
    assert asked == []
    assert told == [
        f"{NOBODY} The next look is in 0.0 s.",
        f"{NOBODY} Nothing was answered 3 times: looks become rare, one in 600 s at last.",
    ]
    outage = find_outage(world.state, Place.LOOK)
    assert outage is not None
    assert (outage.failures, outage.is_open, outage.reason) == (6, True, NOBODY)
    again, told = play(world, 1, every=0.01)
    assert (again, len(told), find_outages(world.state)) == ([1], 1, [])
    assert told[0].startswith("Both systems answer again, ")
    assert told[0].endswith(" s after the first of 6 failures.")


def test_an_outage_that_one_worker_finds_lets_the_others_wait(world: World) -> None:
    world.now = "2026-11-22T10:00:00.000Z"

    async def scene() -> list[float]:
        first, second = (Bench(world.engine(), name, lambda _: None) for name in ("one", "two"))
        for _ in range(4):
            note_outage(world.state, Place.LOOK, NOBODY, world.now, 2.0, 0.5)
        left = [first.seconds_of_outage(), second.seconds_of_outage()]
        world.now = "2026-11-22T10:00:08.000Z"
        return [*left, second.seconds_of_outage()]

    assert asyncio.run(scene()) == [8.0, 8.0, 0.0]


def test_a_clock_that_is_set_back_lengthens_no_pause_beyond_the_longest(world: World) -> None:
    outage = note_outage(world.state, Place.LOOK, NOBODY, "2026-11-22T10:00:00.000Z", 2.0, 0.5)
    assert outage.seconds_left("2026-11-22T09:00:00.000Z") == 600.0


def test_a_batch_that_nobody_answers_opens_the_circuit_and_one_that_goes_closes_it(world: World) -> None:
    told: list[str] = []

    async def scene() -> list[int]:
        engine = world.engine()
        bench = Bench(engine, "one", lambda _: None, told.append)
        await bench.look()
        engine.org = Away(world.org)
        known = []
        for _ in range(3):
            with pytest.raises(Outage, match="does not answer"):
                await asyncio.to_thread(bench.settle)
            known.append(len(find_outages(engine.state)))
        engine.org = world.org
        await asyncio.to_thread(bench.settle)
        return [*known, len(find_outages(engine.state))]

    assert asyncio.run(scene()) == [1, 1, 1, 0]
    assert [words.partition(".")[0] for words in told[:1]] == ["https://org"]
    assert (len(told), told[-1].startswith("Both systems answer again, ")) == (3, True)


class Away(FakeOrg):
    """An org that answers nothing."""

    def __init__(self, org: FakeOrg) -> None:
        super().__init__(prefix=org.prefix)

    async def query(self, soql: str, *, with_deleted: bool = False) -> AsyncIterator[Record]:
        raise Unreachable("https://org.example.com", "nobody answers")
        yield {}


def test_what_holds_the_sync_is_told_once_and_nothing_is_asked_for(world: World) -> None:
    world.state.pause("2026-11-22T10:00:00Z", "The CLM moves house")
    paused = "Paused since 2026-11-22T10:00:00Z: The CLM moves house. `clmkit sync resume` lets it go on."
    assert play(world, 3) == ([0, 0, 0], [paused])
