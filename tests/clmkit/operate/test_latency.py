"""What the mapping promises for each latency class is asserted of the times that were recorded, not of this machine's clock."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from tests.clmkit.sync.world import World

from clmkit.operate.latency import judge_times, measure_latency

START = datetime(2026, 11, 22, 1, tzinfo=UTC)


class Clock:
    """An instant that moves on by `step` each time it is asked for."""

    def __init__(self, step: float) -> None:
        self.step, self.at = timedelta(seconds=step), START

    def now(self) -> str:
        self.at += self.step
        return self.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def edited(step: float) -> World:
    """Contracts and edits on both sides by a clock of its own."""
    world, clock = World(), Clock(step)

    def run() -> None:
        engine = world.engine()
        engine.now = clock.now
        asyncio.run(engine.run())

    for number in range(1, 7):
        world.agreement(f"AGR-{number:06d}", business_owner={"email": "integration@example.com"})
    run()
    for number in range(1, 7):
        world.agreement(f"AGR-{number:06d}", stage="NEGOTIATION", title=f"Title {number}")
        world.org.edit("Contract", f"AGR-{number:06d}", OwnerId="005BEA")
    run()
    return world


def test_every_class_keeps_the_promise_of_the_shipped_mapping() -> None:
    world = edited(0.01)
    rows = measure_latency(world.state, world.spec)
    assert {(one.direction, one.latency) for one in rows} >= {
        ("CLM to Salesforce", "realtime"), ("CLM to Salesforce", "nightly"), ("Salesforce to CLM", "minutes"),
    }  # fmt: skip
    promises = {one.name: one.p99_seconds or 86_400.0 for one in world.spec.latency}
    assert all(one.promised == promises[one.latency] for one in rows)
    assert [one for one in rows if not one.is_kept or one.p99 > one.promised] == []
    assert all(0 < one.p50 <= one.p99 <= one.longest and one.changes >= 6 for one in rows)


def test_a_promise_that_is_broken_is_told_for_its_class_alone() -> None:
    world = edited(2.5)
    rows = measure_latency(world.state, world.spec)
    assert {one.latency for one in rows if not one.is_kept} == {"realtime"}


def test_what_was_written_before_is_left_out() -> None:
    world = edited(0.01)
    everything, later = measure_latency(world.state, world.spec), measure_latency(world.state, world.spec, "2027")
    assert (sum(one.changes for one in everything) > 0, later) == (True, [])


@pytest.mark.parametrize(("changes", "p99"), [(1, 1.0), (100, 99.0), (200, 198.0)])
def test_the_99th_of_a_hundred_is_what_counts(changes: int, p99: float) -> None:
    found = judge_times("there", "class", [float(number) for number in range(1, changes + 1)], {})
    assert (found.p99, found.p50) == (p99, float((changes - 1) // 2 + 1))
