"""Kill the sync at every point of a story and run it again: nothing lost, nothing doubled, the same end."""

from pathlib import Path
from typing import Any

from tests.clmkit.sync.fuse import Fuse, fused
from tests.clmkit.sync.world import ACME, World

NOT_COMPARED = {"Id", "SystemModstamp", "CLM_Version__c"}


def prepare(path: Path) -> World:
    """A settled contract that both sides have edited since, and two agreements that are new."""
    world = World(state_path=path)
    world.agreement(
        counterparty={"id": ACME, "name": "ACME", "contact": {"id": "PER-ann", "name": None, "email": None}}
    )
    world.run()
    world.org.edit("Contract", "AGR-000001", OwnerId="005BEA", CustomerSignedId=world.contact_id("PER-bob"))
    world.agreement(title="New title", stage="NEGOTIATION")
    world.agreement(
        "AGR-000002", stage="EXPIRED", parties=[{"id": "PTY-000002-1", "name": "ACME", "role": "counterparty"}]
    )
    world.agreement("AGR-000003", term={"signed": None, "start": "[]/[]/2020", "end": "perpetual"})
    return world


def end_of(world: World) -> tuple[Any, Any]:
    records = {
        (sobject, str(row.get("CLM_Id__c"))): {name: value for name, value in row.items() if name not in NOT_COMPARED}
        for sobject, table in world.org.records.items()
        for row in table.values()
        if "CLM_Id__c" in row
    }
    agreements = {
        name: {field: value for field, value in one.items() if field not in ("revision", "updated_at")}
        for name, one in world.clm.agreements.items()
    }
    return records, agreements


def count_points(path: Path) -> tuple[int, tuple[Any, Any]]:
    world, fuse = prepare(path), Fuse()
    with fused(world, fuse):
        world.run()
    end = end_of(world)
    world.restart()
    return fuse.burnt, end


def test_a_sync_that_is_killed_anywhere_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    points, expected = count_points(tmp_path / "whole.sqlite")
    assert points > 30
    for point in range(points):
        world = prepare(tmp_path / f"{point}.sqlite")
        with fused(world, Fuse(point)):
            world.run()
        world.run()
        assert end_of(world) == expected, f"killed at point {point}"
        assert sum(world.org.count(sobject) for sobject in ("Contract", "CLM_Party__c")) == 4, (
            f"killed at point {point}"
        )
        assert world.reconcile().is_clean, f"killed at point {point}"
        assert world.state.inbox.count_outcomes().get("waiting") is None
        world.restart()


def test_a_sync_that_is_killed_twice_in_a_row_still_ends_there(tmp_path: Path) -> None:
    points, expected = count_points(tmp_path / "whole.sqlite")
    for point in range(0, points, 5):
        world = prepare(tmp_path / f"{point}.sqlite")
        for _ in range(2):
            with fused(world, Fuse(point)):
                world.run()
        world.run()
        assert end_of(world) == expected, f"killed at point {point}"
        world.restart()
