"""What is wrong in Salesforce is found by a hash tree, in calls that do not grow with the rows."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.clmkit.sync.fake_org import FakeOrg
from tests.clmkit.sync.world import World

from clmkit.clients.salesforce import Record
from clmkit.sync import sweep
from clmkit.sync.sweep import Sweep, SweepReport, open_cases
from clmkit.sync.tree import Leaf, Signature, Span, cut, signature_of

BOUND = re.compile(r"CLM_Id__c (>=|<) '([^']*)'")
SINCE = re.compile(r"SystemModstamp > (\S+)")
TOGETHER = re.compile(r"SELECT COUNT\(Id\) n, MAX\(SystemModstamp\) newest FROM (\w+) WHERE (.+)")
LATER = "2026-11-23T00:00:00.000Z"


@dataclass
class TreeOrg(FakeOrg):
    """Answers ranges of keys: their count and newest change, their rows, all rows as text."""

    asked: list[str] = field(default_factory=list)

    def _is_wanted(self, sobject: str, record: Record, where: str) -> bool:
        since = SINCE.search(where)
        if since is not None:
            return record.get("CLM_Id__c") is not None and record["SystemModstamp"][:19] > since[1][:19]
        bounds = BOUND.findall(where)
        if not bounds:
            return super()._is_wanted(sobject, record, where)
        key = record.get("CLM_Id__c")
        return key is not None and all(key >= bound if sign == ">=" else key < bound for sign, bound in bounds)

    async def query_together(self, soqls: Sequence[str]) -> list[list[Record]]:
        calls = [*self.calls, "composite"]
        answers = [
            [self._count(match[1], match[2])]
            if (match := TOGETHER.match(soql))
            else [record async for record in self.query(soql.rpartition(" LIMIT ")[0])][: sweep.MOST_NEWS]
            for soql in soqls
        ]
        self.calls[:] = calls
        return answers

    def _count(self, sobject: str, where: str) -> Record:
        rows = [row for row in self.records.get(sobject, {}).values() if self._is_wanted(sobject, row, where)]
        return {"n": len(rows), "newest": max((row["SystemModstamp"] for row in rows), default=None)}

    async def query_bulk(self, soql: str) -> AsyncIterator[Record]:
        self.calls.append("bulk query")
        async for record in FakeOrg.query(self, soql):
            self.calls.pop() if self.calls[-1] == "query" else None
            stamp = str(record["SystemModstamp"]).replace("+0000", "Z")
            yield {name: _text(value) for name, value in record.items()} | {"SystemModstamp": stamp}


def _text(value: Any) -> Any:
    return (
        value
        if value is None or isinstance(value, dict)
        else str(value).lower()
        if value in (True, False)
        else str(value)
    )


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """60 contracts in leaves of 2, found equal once."""
    monkeypatch.setattr(sweep, "cut", lambda keys: cut(keys, 2))
    made = World(org=TreeOrg())
    for number in range(60):
        made.agreement(f"AGR-{number:06d}", title=f"Title {number}", stage="ACTIVE")
    made.run()
    report = run(made)
    assert (report.findings, report.objects["contract"].leaves) == ([], 30)
    return made


def run(world: World) -> SweepReport:
    org = world.org
    assert isinstance(org, TreeOrg)
    return asyncio.run(Sweep(world.spec, world.state, org, lambda: LATER).run())


def test_the_first_time_all_rows_are_read_by_one_query_job(world: World) -> None:
    assert world.org.calls.count("bulk query") == 1


def test_without_a_tree_what_is_wrong_is_found_all_the_same(world: World) -> None:
    world.state.database.change("DELETE FROM tree_leaf")
    world.org.edit("Contract", "AGR-000037", CLM_Title__c="wrong")
    assert [one.key for one in run(world).findings] == ["AGR-000037"]


def test_one_query_says_that_nothing_was_written(world: World) -> None:
    world.org.calls.clear()
    report = run(world)
    swept = report.objects["contract"]
    assert (swept.leaves_read, len(swept.root)) == (0, 64)
    assert world.org.calls == ["composite"] * len(report.objects)


def test_one_wrong_row_is_found_by_the_call_that_asks_whether_anything_was_written(world: World) -> None:
    world.org.edit("Contract", "AGR-000037", CLM_Title__c="wrong")
    world.org.calls.clear()
    report = run(world)
    (finding,) = report.findings
    assert (finding.kind, finding.key, finding.fields, finding.steward) == (
        "wrong", "AGR-000037", ["CLM_Title__c"], "legal_ops",
    )  # fmt: skip
    assert (report.objects["contract"].leaves_read, report.objects["contract"].root) == (1, "")
    assert world.org.calls == ["composite"] * len(report.objects)
    assert run(world).findings == [finding]


def stale(world: World) -> None:
    world.org.edit("Contract", "AGR-000005", CLM_Version__c=0, CLM_Title__c="as it was")


def missing(world: World) -> None:
    world.org.delete("Contract", "AGR-000005")


def orphan(world: World) -> None:
    world.org.add("Contract", CLM_Id__c="AGR-000005x")


def duplicate(world: World) -> None:
    record = world.org.get("Contract", "AGR-000005")
    world.org.add("Contract", **{name: value for name, value in record.items() if name not in ("Id", "SystemModstamp")})


@pytest.mark.parametrize("harm", [stale, missing, orphan, duplicate])
def test_each_kind_of_harm_is_named(world: World, harm: Callable[[World], None]) -> None:
    harm(world)
    assert [(one.kind, one.key[:10]) for one in run(world).findings] == [(harm.__name__, "AGR-000005")]


@pytest.mark.parametrize("harm", [stale, missing])
def test_a_finding_becomes_a_case_is_mended_and_found_equal(world: World, harm: Callable[[World], None]) -> None:
    world.org.edit("Contract", "AGR-000009", CLM_Title__c="wrong")
    harm(world)
    report = run(world)
    assert open_cases(world.state, report, LATER) == 2
    cases = {(row.key, row.kind, row.field) for row in world.state.read_parked()}
    assert cases == {("AGR-000005", "row", harm.__name__), ("AGR-000009", "row", "wrong")}
    world.run()
    assert world.state.read_parked() == []
    assert run(world).is_clean
    assert world.contract("AGR-000009")["CLM_Title__c"] == "Title 9"


def test_an_orphan_waits_for_a_person(world: World) -> None:
    orphan(world)
    assert open_cases(world.state, run(world), LATER) == 0
    (case,) = world.state.read_parked()
    assert (case.kind, case.reason) == (
        "gone",
        "Reconciliation: Salesforce has this row and the CLM knows nothing of it. Delete it there, or give it to the CLM.",
    )


def test_what_was_written_a_moment_ago_is_read_again(world: World) -> None:
    org = world.org
    assert isinstance(org, TreeOrg)
    world.agreement("AGR-000003", title="newer")
    world.run()
    newest = world.contract("AGR-000003")["SystemModstamp"]
    for expected in (1, 1):
        swept = asyncio.run(Sweep(world.spec, world.state, org, lambda: newest).run()).objects["contract"]
        assert swept.leaves_read == expected
    assert run(world).objects["contract"].leaves_read == 1
    assert run(world).objects["contract"].leaves_read == 0


def test_a_deletion_is_not_hidden_by_a_row_that_is_not_ours(world: World) -> None:
    orphan(world)
    world.org.delete("Contract", "AGR-000037")
    found = {(one.kind, one.key[:10]) for one in run(world).findings}
    assert found == {("orphan", "AGR-000005"), ("missing", "AGR-000037")}


def test_a_deletion_is_not_hidden_by_a_row_that_the_sync_made(world: World) -> None:
    world.agreement("AGR-000060", title="Title 60")
    world.run()
    world.org.delete("Contract", "AGR-000037")
    assert [(one.kind, one.key) for one in run(world).findings] == [("missing", "AGR-000037")]


def test_rows_that_the_sync_wrote_are_found_equal_by_one_call_and_the_hash_is_that_of_a_whole_reading(
    world: World,
) -> None:
    world.agreement("AGR-000060", title="Title 60")
    world.agreement("AGR-000037", title="newer")
    world.run()
    world.org.calls.clear()
    report = run(world)
    moved = report.objects["contract"]
    assert world.org.calls == ["composite"] * len(report.objects)
    assert run(world).objects["contract"].leaves_read == 0
    world.state.database.change("UPDATE tree_leaf SET rows = -1, modstamp = '', hash = ''")
    assert (moved.root, len(moved.root)) == (run(world).objects["contract"].root, 64)


def test_more_news_than_one_call_gives_is_read_leaf_by_leaf(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "MOST_NEWS", 2)
    for key in ("AGR-000003", "AGR-000037"):
        world.org.edit("Contract", key, CLM_Title__c="wrong")
    report = run(world)
    assert [one.key for one in report.findings] == ["AGR-000003", "AGR-000037"]
    assert report.objects["contract"].leaves_read == 2


def test_a_span_that_was_never_found_equal_has_no_signature() -> None:
    leaves = [Leaf("", Signature(2, "a")), Leaf("k", Signature(3, "b")), Leaf("p")]
    assert signature_of(leaves, Span(0, 2)) == Signature(5, "b")
    assert signature_of(leaves, Span(1, 3)) is None
    assert [(one.start, one.end) for one in Span(0, 12).split()] == [(0, 3), (3, 6), (6, 9), (9, 12)]
