"""An agreement that the CLM tells in a way that makes no sense, or not at all, is named and set aside; the others go on."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from tests.clmkit.sync.bulk_org import BulkOrg
from tests.clmkit.sync.byte_clm import PLACE, ByteClm
from tests.clmkit.sync.world import World

from clmkit.clients.errors import Refused
from clmkit.operate.alerts import find_alerts
from clmkit.sync.backfill import Backfill, BackfillReport
from clmkit.sync.load import Loader
from clmkit.sync.reconcile import Comparison, ReconcileReport
from clmkit.sync.report import RunReport

BAD, NEIGHBOURS = "AGR-000002", {"AGR-000001", "AGR-000003"}


def levels(number: int) -> bytes:
    return b"[" * number + b"]" * number


# what stands where a title is expected -> what is said of it
UNREADABLE = {
    "not a number": (b"NaN", "NaN at 'title'"),
    "no end": (b"-Infinity", "-Infinity at 'title'"),
    "beyond every number": (b"1e400", "1e400 at 'title'"),
    "thousands of digits": (b"1" * 5000, "a number of 5000 digits at 'title'"),
    "half a letter": (rb'"\ud800"', "a text that is not Unicode at 'title'"),
    "no UTF-8": (b'"\xff"', "a text that is not Unicode at 'title'"),
    "1,000 levels": (levels(1000), "more than 64 levels of lists and objects at 'title'"),
    "100,000 levels": (levels(100_000), "more than 64 levels of lists and objects at 'title'"),
    "100,000 objects": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "more than 64 levels of lists and objects"),
}
STRANGE = {
    "10 levels": levels(10),
    "100 levels": levels(100),
    "300 levels": levels(300),
    "10 MB": b'"' + b"x" * 10_000_000 + b'"',
    "a number": b"1e308",
    "NUL": b'"a\\u0000b"',
}


def new_world(absurd: bytes = b'""', spoils: str = "", **fields: Any) -> tuple[World, ByteClm]:
    world = World(org=BulkOrg())
    for one in (*sorted(NEIGHBOURS), BAD):
        world.agreement(one, **({"title": PLACE} if one == BAD else {}), **fields)
    world.clm.agreements = dict(sorted(world.clm.agreements.items()))
    return world, ByteClm(world.clm, absurd, spoils)


def run(world: World, wire: ByteClm) -> RunReport:
    engine = world.engine()
    engine.clm = wire.connect()
    report = asyncio.run(engine.run())
    assert report.is_balanced
    return report


def compare(world: World, wire: ByteClm) -> ReconcileReport:
    return asyncio.run(Comparison(world.spec, world.org, wire.connect(), world.state).run())


def load(world: World, wire: ByteClm) -> BackfillReport:
    engine = world.engine()
    engine.clm = wire.connect()
    loader = Loader(world.state, world.org, engine.now, lambda: 0.0, uuid4().hex)  # type: ignore[arg-type]
    return asyncio.run(Backfill(engine, loader).run())


def keys(world: World) -> set[str]:
    return {str(row["CLM_Id__c"]) for row in world.org.records["Contract"].values()}


def parked(world: World) -> dict[str, str]:
    return {row.key: row.reason for row in world.state.read_parked(kind="row")}


@pytest.mark.parametrize("story", UNREADABLE)
def test_rounds_set_aside_an_agreement_that_makes_no_sense_and_write_its_neighbours(story: str) -> None:
    absurd, words = UNREADABLE[story]
    world, wire = new_world(absurd)
    report = run(world, wire)
    assert (report.stopped, keys(world), list(parked(world))) == ("", NEIGHBOURS, [BAD])
    assert words in parked(world)[BAD]
    (alert,) = find_alerts(world.state.read_parked())
    assert (alert.owner, alert.count) == ("legal_ops", 1)
    wire.absurd = b'"mended"'
    world.state.inbox.redrive([BAD], world.engine().now())
    assert (run(world, wire).stopped, world.contract(BAD)["CLM_Title__c"]) == ("", "mended")
    assert world.state.read_parked() == []


@pytest.mark.parametrize("story", UNREADABLE)
def test_reconcile_names_an_agreement_that_makes_no_sense_and_compares_its_neighbours(story: str) -> None:
    world, wire = new_world(b'"sound"')
    run(world, wire)
    wire.absurd, words = UNREADABLE[story]
    report = compare(world, wire)
    assert ([one.agreement for one in report.unread], report.is_clean) == ([BAD], False)
    assert words in report.unread[0].reason
    assert (report.agreements, report.rows_compared, report.differences) == (2, 2, [])


@pytest.mark.parametrize("story", UNREADABLE)
def test_a_first_load_sets_aside_an_agreement_that_makes_no_sense_and_loads_its_neighbours(story: str) -> None:
    world, wire = new_world(UNREADABLE[story][0])
    report = load(world, wire)
    assert (report.agreements, report.loaded, report.waiting, report.rounds.stopped) == (3, 2, 1, "")
    assert (keys(world), list(parked(world))) == (NEIGHBOURS, [BAD])


@pytest.mark.parametrize("story", STRANGE)
@pytest.mark.parametrize("act", [run, load])
def test_a_value_that_reads_and_is_none_is_parked_and_takes_nobody_with_it(story: str, act: Any) -> None:
    world, wire = new_world(STRANGE[story])
    act(world, wire)
    assert keys(world) >= NEIGHBOURS
    assert keys(world) == NEIGHBOURS | {BAD} or BAD in parked(world)
    assert all(len(row.value) < 10_000 and len(row.reason) < 10_000 for row in world.state.read_parked())
    assert compare(world, wire).agreements == 3


def test_reconcile_goes_past_an_agreement_that_spoils_every_page_of_the_list() -> None:
    world, wire = new_world(b'"sound"')
    run(world, wire)
    wire.spoils = BAD
    report = compare(world, wire)
    broken, unread = report.unread
    assert (broken.agreement, unread.agreement) == ("", BAD)
    assert broken.reason.startswith(
        "The CLM's list /api/v1/agreements cannot be read after the cursor '1', not even one agreement at a time:"
    )
    assert unread.reason.startswith("The CLM answers, but not for this agreement, after all attempts:")
    assert (report.agreements, report.rows_compared, report.differences, report.is_clean) == (2, 2, [], False)


def test_a_first_load_goes_past_an_agreement_that_spoils_every_page_of_the_list() -> None:
    world, wire = new_world(b'"sound"', spoils=BAD)
    report = load(world, wire)
    assert (report.loaded, report.rounds.rows_created, report.rounds.stopped) == (0, {"Contract": 3}, "")
    assert (keys(world), list(parked(world))) == (NEIGHBOURS | {BAD}, [BAD])


def test_a_clm_that_answers_for_nobody_ends_a_comparison_with_its_own_words() -> None:
    world, wire = new_world(b'"sound"')
    run(world, wire)
    wire.is_away = True
    with pytest.raises(Refused, match=r"CLM GET /api/v1/agreements.* answered 500"):
        compare(world, wire)
