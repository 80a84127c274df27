"""A run that goes too far is held before it does harm, and says what it would have done."""

import asyncio
from pathlib import Path

import pytest
from tests.clmkit.sync.world import World

from clmkit.clients.errors import Unreachable
from clmkit.clients.salesforce import ApiUsage
from clmkit.sync.doorbell import follow
from clmkit.sync.guards import Breaker, Limits, find_overuse, forecast
from clmkit.sync.report import RunReport

TIGHT = Limits(changed_percent=25, changed_from=2, emptied_percent=5, emptied_from=1)
MANY = 20


def loaded(state_path: Path | str = ":memory:") -> World:
    """Twenty agreements that both systems agree on, and narrow guards."""
    world = World(limits=TIGHT, state_path=state_path)
    for number in range(MANY):
        world.agreement(f"AGR-{number:06d}")
    world.run()
    world.run()
    return world


def retitle(world: World, count: int, **fields: object) -> None:
    for number in range(count):
        world.agreement(f"AGR-{number:06d}", **(fields or {"title": "new"}))


HELD = (
    "This run would change 6 of 20 linked Contracts (CLM_Title__c in 6 rows; such as AGR-000000, AGR-000001, AGR-000002)."
    " If that is right, run `clmkit sync run --allow` once."
)


def test_a_first_load_overwrites_nothing_and_is_not_held() -> None:
    world = loaded()
    assert world.org.count("Contract") == MANY


def test_a_first_load_that_gives_the_clm_salesforces_owners_is_not_held_and_a_later_mass_change_is() -> None:
    world = World(limits=TIGHT)
    for number in range(MANY):
        world.agreement(f"AGR-{number:06d}", business_owner={"email": "nobody@example.com"})
    report = world.run()
    assert (report.stopped, report.patches) == ("", MANY)
    world.run()
    for number in range(MANY):
        world.org.edit("Contract", f"AGR-{number:06d}", OwnerId="005BEA")
    assert world.run().stopped.startswith(
        "This run would patch 20 of 20 linked agreements in the CLM (such as AGR-000000,"
    )


def test_what_stays_within_the_share_goes_through() -> None:
    world = loaded()
    retitle(world, 5)
    assert world.run().rows_updated == {"Contract": 5}


def test_a_run_that_would_change_more_is_held_before_it_writes() -> None:
    world = loaded()
    retitle(world, 6)
    report = world.run()
    assert (report.stopped, report.rows_updated, report.waiting) == (HELD, {}, 6)
    assert world.contract("AGR-000000")["CLM_Title__c"] == "Supply"


def test_a_held_sync_stays_held_until_a_person_allows_it(tmp_path: Path) -> None:
    world = loaded(tmp_path / "sync.sqlite")
    retitle(world, 6)
    world.run()
    world.restart()
    calls = len(world.org.calls)
    assert (world.run().stopped, len(world.org.calls)) == (HELD, calls)
    assert world.run(allow=True).rows_updated == {"Contract": 6}
    assert world.run().stopped == ""
    assert [entry.kind for entry in world.state.read_audit()].count("held") == 1


def test_a_run_is_measured_as_a_whole_however_many_rounds_it_takes() -> None:
    world = loaded()
    world.page = 2
    retitle(world, 6)
    report = world.run()
    assert (report.stopped, report.rows_updated) == (HELD, {"Contract": 4})


def test_a_field_that_becomes_empty_in_many_rows_is_held() -> None:
    world = loaded()
    retitle(world, 2, term={"signed": None, "start": None, "end": "2026-12-31"})
    assert world.run().stopped == (
        "This run would empty StartDate in 2 of 20 linked Contracts (StartDate in 2 rows; such as AGR-000000, AGR-000001)."
        " If that is right, run `clmkit sync run --allow` once."
    )


def test_a_mass_change_in_salesforce_is_held_before_it_reaches_the_clm() -> None:
    world = loaded()
    for number in range(6):
        world.org.edit("Contract", f"AGR-{number:06d}", OwnerId="005BEA")
    report = world.run()
    assert report.stopped == (
        "This run would patch 6 of 20 linked agreements in the CLM (such as AGR-000000, AGR-000001, AGR-000002)."
        " If that is right, run `clmkit sync run --allow` once."
    )
    assert report.patches == 0


def test_a_mass_deletion_in_salesforce_is_held_before_the_records_are_made_again() -> None:
    world = loaded()
    for number in range(6):
        world.org.delete("Contract", f"AGR-{number:06d}")
    assert world.run().stopped == (
        "This run would make 6 records again that were deleted in Salesforce, 14 are linked (such as AGR-000000, AGR-000001,"
        " AGR-000002). If that is right, run `clmkit sync run --allow` once."
    )
    assert world.org.count("Contract") == 14
    assert world.run(allow=True).rows_created == {"Contract": 6}


def test_calls_that_belong_to_others_are_left_to_them() -> None:
    world = loaded()
    world.org.api_usage = ApiUsage(13_500, 15_000)
    world.agreement("AGR-000000", title="new")
    report = world.run()
    assert (report.stopped, report.is_outage, report.waiting) == (
        "The org's API calls of the last 24 hours are used up to the reserve: 13500 of 15000, 10 % stay for others."
        " A later run goes on.",
        True,
        1,
    )
    world.org.api_usage = ApiUsage(13_499, 15_000)
    assert world.run().rows_updated == {"Contract": 1}


@pytest.mark.parametrize(
    ("used", "found"), [(0, False), (13_499, False), (13_500, True), (15_000, True), (15_001, True)]
)
def test_the_reserve_begins_at_its_share(used: int, found: bool) -> None:
    assert bool(find_overuse(ApiUsage(used, 15_000), Limits())) is found


@pytest.mark.parametrize(
    ("first", "last", "seconds", "words"),
    [
        (100, 200, 360.0, "at this rate the calls of the day are used up in 13.3 h"),
        (100, 14_000, 3600.0, "at this rate the calls of the day are used up in 0.0 h"),
        (100, 101, 3600.0, ""),
        (100, 100, 3600.0, ""),
        (100, 50, 3600.0, ""),
        (100, 200, 0.0, ""),
    ],
)
def test_the_forecast_says_when_the_calls_run_out(first: int, last: int, seconds: float, words: str) -> None:
    assert forecast(ApiUsage(first, 15_000), ApiUsage(last, 15_000), seconds, Limits()) == words


def test_a_breaker_opens_after_three_outages_and_waits_longer_each_time() -> None:
    breakers = [Breaker(longest=100, failures=failures) for failures in (0, 1, 2, 3, 4, 5, 6, 10_000)]
    assert [(breaker.is_open, breaker.wait(10)) for breaker in breakers] == [
        (False, 10), (False, 10), (False, 10), (True, 20), (True, 40), (True, 80), (True, 100), (True, 100),
    ]  # fmt: skip


def test_those_who_wait_together_do_not_come_back_together() -> None:
    assert [Breaker(failures=3).wait(10, chance) for chance in (0.0, 0.5, 1.0)] == [15, 20, 25]


def test_a_bell_is_not_heeded_while_a_system_does_not_answer() -> None:
    world = World()
    reports: list[RunReport] = []

    async def scene() -> None:
        bell, stopped = asyncio.Event(), asyncio.Event()

        async def refuse(after: str, limit: int = 500) -> None:
            raise Unreachable("https://clm.example.com", "refused")

        engine = world.engine()
        engine.clm.read_changes = refuse  # type: ignore[method-assign,assignment]

        def on_report(report: RunReport) -> None:
            reports.append(report)
            bell.set()

        watching = asyncio.create_task(follow(engine, bell, stopped, 0.2, on_report))
        while len(reports) < 3:
            await asyncio.sleep(0.005)
        for _ in range(20):
            await asyncio.sleep(0.005)
        assert len(reports) == 3
        stopped.set()
        await asyncio.wait_for(watching, 5)

    asyncio.run(scene())
    assert [report.is_outage for report in reports[:3]] == [True] * 3
    assert world.org.count("Contract") == 0
