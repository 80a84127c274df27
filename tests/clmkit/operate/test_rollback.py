"""A release is taken back with its data: what it rewrote is as before, what people did since stays, wherever a run was killed."""

from __future__ import annotations

import asyncio
import copy
import json
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.clmkit.sync.fuse import Fuse, fused
from tests.clmkit.sync.world import World, shipped_spec

from clmkit.mapping.model import Direction, MapValue, Owner, Spec
from clmkit.operate.point import End, PointError, keep_point, read_point
from clmkit.operate.release_facts import Verdict
from clmkit.operate.rollback import Rollback, RollbackRefused, RollbackReport
from clmkit.sync.audit import find_break
from clmkit.sync.database import Target
from clmkit.sync.lineage import find_lineage

BEFORE = shipped_spec()
COUNT = 4
INTEGRATION, BEA = "integration@example.com", "bea@example.com"


@cache
def after() -> Spec:
    """A release that should not have been: renewals are misread, the CLM takes the owner, Salesforce may write titles."""
    header = BEFORE.get_object("contract")
    changes: dict[str, dict[str, Any]] = {
        "owner": {"owner": Owner.CLM, "direction": Direction.CLM_TO_SALESFORCE},
        "title": {"owner": Owner.SALESFORCE, "direction": Direction.SALESFORCE_TO_CLM},
    }
    fields = tuple(msgspec.structs.replace(one, **changes.get(one.name, {})) for one in header.fields)
    maps = tuple(
        msgspec.structs.replace(one, values=_misread(one.values)) if one.name == "renewal_type" else one
        for one in BEFORE.value_maps
    )
    objects = tuple(msgspec.structs.replace(one, fields=fields) if one is header else one for one in BEFORE.objects)
    return msgspec.structs.replace(BEFORE, objects=objects, value_maps=maps, version="9.9.9")


def _misread(values: tuple[MapValue, ...]) -> tuple[MapValue, ...]:
    wrong = next(one for one in values if one.clm == "manual")
    return tuple(msgspec.structs.replace(wrong, clm=one.clm) if one.clm == "auto" else one for one in values)


def renew(kind: str) -> dict[str, Any]:
    return {"type": kind, "term": None, "notice": None, "date": None}


def released(target: Target, path: Path) -> World:
    """Contracts before the point, then the release: it rewrote 1, took the owner of 2 and gave the CLM a title of 3."""
    world = World(state_path=target)
    for number in range(1, COUNT + 1):
        world.agreement(f"AGR-{number:06d}", renewal=renew("auto"), business_owner={"email": BEA})
    world.run()
    for number in range(1, COUNT + 1):
        world.org.edit("Contract", f"AGR-{number:06d}", OwnerId="005BEA")
    world.run()
    assert asyncio.run(keep_point(world.engine(), path)) == End(COUNT, COUNT)
    world.spec = after()
    world.agreement("AGR-000001", term={"signed": None, "start": "2026-01-01", "end": "2027-12-31"})
    world.agreement("AGR-000002", business_owner={"email": INTEGRATION})
    world.org.edit("Contract", "AGR-000003", CLM_Title__c="Theirs")
    world.agreement("AGR-000005", renewal=renew("auto"), business_owner={"email": BEA})
    world.run()
    world.spec = BEFORE
    return world


def take_back(world: World, path: Path, *, applies: bool = True) -> RollbackReport:
    return asyncio.run(Rollback(world.engine(), path, path.with_suffix(".proof"), applies=applies).run())


VALUES = ("CLM_Renewal_Type__c", "CLM_Title__c", "OwnerId", "EndDate")


def contracts(world: World) -> dict[str, tuple[object, ...]]:
    return {key: tuple(world.contract(key).get(name) for name in VALUES) for key in sorted(world.clm.agreements)}


def settle(world: World) -> None:
    """The sync goes on under the mapping of before, until both systems are quiet and equal."""
    while world.run().events:
        pass
    assert world.reconcile().differences == []
    assert find_break(world.state.read_audit()) is None


RELEASED = {
    "AGR-000001": ("Manual", "Supply", "005BEA", "2027-12-31"),
    "AGR-000002": ("Manual", "Supply", "005OWNER", "2026-12-31"),
    "AGR-000003": ("Manual", "Theirs", "005BEA", "2026-12-31"),
    "AGR-000004": ("Automatic", "Supply", "005BEA", "2026-12-31"),
    "AGR-000005": ("Manual", None, "005BEA", "2026-12-31"),
}
TAKEN_BACK = {
    "AGR-000001": ("Automatic", "Supply", "005BEA", "2027-12-31"),
    "AGR-000002": ("Automatic", "Supply", "005BEA", "2026-12-31"),
    "AGR-000003": ("Automatic", "Supply", "005BEA", "2026-12-31"),
    "AGR-000004": ("Automatic", "Supply", "005BEA", "2026-12-31"),
    "AGR-000005": ("Automatic", None, "005BEA", "2026-12-31"),
}
"""The fifth came after the point, and the release emptied its title in the CLM: nobody knows it any more."""


def test_what_a_release_did_to_values_on_both_sides_is_taken_back(target: Target, tmp_path: Path) -> None:
    world = released(target, tmp_path / "point.jsonl")
    assert contracts(world) == RELEASED
    report = take_back(world, tmp_path / "point.jsonl")
    counts = {(one.side, one.field, one.verdict): one.values for one in report.counts}
    assert counts[("Salesforce", "contract.renewal", "put back")] == 3
    assert counts[("Salesforce", "contract.owner", "put back")] == 1
    assert counts[("CLM", "contract.title", "put back")] == 1
    assert (report.applied, report.wrong, report.made, report.unknown) == (True, 0, 1, ["AGR-000005"])
    settle(world)
    assert contracts(world) == TAKEN_BACK
    assert world.clm.agreements["AGR-000002"]["business_owner"]["email"] == BEA
    assert world.clm.agreements["AGR-000003"]["title"] == "Supply"
    world.restart()


def test_a_plan_says_the_same_and_writes_nothing(tmp_path: Path) -> None:
    world = released(":memory:", tmp_path / "point.jsonl")
    changes, entries = len(world.clm.changes), len(list(world.state.read_audit()))
    plan = take_back(world, tmp_path / "point.jsonl", applies=False)
    assert contracts(world) == RELEASED
    assert (len(world.clm.changes), len(list(world.state.read_audit()))) == (changes, entries)
    done = take_back(world, tmp_path / "point.jsonl")
    assert (plan.counts, plan.applied, plan.proven) == (done.counts, False, 0)


def test_the_proof_has_a_line_for_each_value_and_shows_none(tmp_path: Path) -> None:
    world = released(":memory:", tmp_path / "point.jsonl")
    report = take_back(world, tmp_path / "point.jsonl")
    text = (tmp_path / "point.proof").read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    same = [one for one in lines if one["verdict"] == Verdict.SAME.value]
    assert (report.proven, {one["before"] == one["now"] for one in same}) == (len(same), {True})
    assert ("contract", "AGR-000001", "renewal") in {(one["object"], one["key"], one["field"]) for one in same}
    assert not any(value in text for value in ("Automatic", "Manual", "005BEA", BEA, "Theirs"))
    assert (tmp_path / "point.jsonl").stat().st_mode & 0o777 == 0o600


def test_what_somebody_changed_since_the_release_stays_and_is_told(tmp_path: Path) -> None:
    world = released(":memory:", tmp_path / "point.jsonl")
    world.org.edit("Contract", "AGR-000001", CLM_Renewal_Type__c="None")
    world.org.records["User"]["005EVE"] = {"Id": "005EVE", "Email": "eve@example.com", "SystemModstamp": ""}
    world.org.edit("Contract", "AGR-000002", OwnerId="005EVE")
    report = take_back(world, tmp_path / "point.jsonl")
    edited = {one.field: one.values for one in report.counts if one.verdict == Verdict.EDITED.value}
    assert (edited, report.is_clean) == ({"contract.renewal": 1, "contract.owner": 1}, False)
    settle(world)
    assert world.contract("AGR-000002")["OwnerId"] == "005EVE"
    assert world.clm.agreements["AGR-000002"]["business_owner"]["email"] == "eve@example.com"


def test_what_changed_meanwhile_is_carried_over_by_the_mapping_of_before(tmp_path: Path) -> None:
    world = released(":memory:", tmp_path / "point.jsonl")
    world.agreement("AGR-000001", renewal=renew("manual"))
    take_back(world, tmp_path / "point.jsonl")
    assert world.contract("AGR-000001")["CLM_Renewal_Type__c"] == "Automatic"
    settle(world)
    assert world.contract("AGR-000001")["CLM_Renewal_Type__c"] == "Manual"


def test_the_lineage_of_a_value_tells_that_it_was_taken_back(tmp_path: Path) -> None:
    world = released(":memory:", tmp_path / "point.jsonl")
    take_back(world, tmp_path / "point.jsonl")
    lineage = find_lineage(world.state, "AGR-000001", "CLM_Renewal_Type__c")
    assert (lineage.steps[0].rule, lineage.is_current) == ("release taken back", True)


def count_points(path: Path) -> int:
    world, fuse = released(":memory:", path), Fuse()
    with fused(world, fuse):
        take_back(world, path)
    return fuse.burnt


def twin_of(world: World, path: Path) -> World:
    """The same world once more, its state in a file of its own."""
    shutil.copy(str(world.state_path), path)
    other = copy.copy(world)
    other.org, other.clm, other.state_path = copy.deepcopy(world.org), copy.deepcopy(world.clm), path
    return other


def test_killed_at_any_point_the_same_call_goes_on_and_the_sync_rests_until_then(tmp_path: Path) -> None:
    points = count_points(tmp_path / "point.jsonl")
    assert points > 8
    before = released(tmp_path / "released.sqlite", tmp_path / "point.jsonl")
    before.restart()
    for point in range(points):
        world = twin_of(before, tmp_path / f"{point}.sqlite")
        with fused(world, Fuse(point)):
            take_back(world, tmp_path / "point.jsonl")
        paused = world.run().stopped
        if "a rollback is under way" not in paused:
            assert point in (0, points - 1), paused
        report = take_back(world, tmp_path / "point.jsonl")
        assert (report.wrong, point) == (0, point)
        settle(world)
        assert (contracts(world), point) == (TAKEN_BACK, point)
        world.restart()


def test_a_value_that_salesforce_refuses_is_told_and_not_proven(tmp_path: Path) -> None:
    world = released(":memory:", tmp_path / "point.jsonl")
    world.org.refuse["AGR-000001"] = ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "No.")
    report = take_back(world, tmp_path / "point.jsonl")
    refused = {one.field: one.values for one in report.counts if one.verdict == Verdict.REFUSED.value}
    assert (refused, report.wrong, report.is_clean) == ({"contract.renewal": 1}, 0, False)


def test_another_mapping_than_that_of_the_point_is_refused(tmp_path: Path) -> None:
    world = released(":memory:", tmp_path / "point.jsonl")
    world.spec = after()
    with pytest.raises(
        RollbackRefused, match=r"configuration names contract 9\.9\.9 .* Put the mapping of before back"
    ):
        take_back(world, tmp_path / "point.jsonl")


def test_a_pause_of_the_operator_outlasts_the_rollback(tmp_path: Path) -> None:
    world = released(":memory:", tmp_path / "point.jsonl")
    world.state.pause("2026-11-22T12:00:00Z", "release night")
    take_back(world, tmp_path / "point.jsonl")
    assert (
        world.run().stopped == "Paused since 2026-11-22T12:00:00Z: release night. `clmkit sync resume` lets it go on."
    )


def test_a_point_of_another_state_is_refused(tmp_path: Path) -> None:
    released(":memory:", tmp_path / "point.jsonl")
    other = World()
    other.agreement()
    other.run()
    with pytest.raises(PointError) as refused:
        take_back(other, tmp_path / "point.jsonl")
    assert str(refused.value).endswith(
        "was kept of another state than this one; name the state that the release ran with."
    )


@pytest.mark.parametrize("lines", [0, 1, 4])
def test_a_point_that_was_not_kept_to_its_end_is_refused(tmp_path: Path, lines: int) -> None:
    released(":memory:", tmp_path / "point.jsonl")
    whole = (tmp_path / "point.jsonl").read_text().splitlines(keepends=True)
    cut = tmp_path / "cut.jsonl"
    cut.write_text("".join(whole[:lines]))
    with pytest.raises(PointError) as refused:
        read_point(cut)
    assert str(refused.value) == f"{cut}: is no point that was kept to its end; it cannot be gone back to."
