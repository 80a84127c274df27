"""Where a twin's org lives: both houses renew and restore alike."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orgtwin.http.house import DirectoryHouse, House, MemoryHouse, snapshot_file, snapshot_names, take_snapshot
from orgtwin.org import Org
from orgtwin.seed import administrator


def clock() -> datetime:
    return datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(params=["memory", "directory"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    built: House = MemoryHouse(clock) if request.param == "memory" else DirectoryHouse(tmp_path / "org", clock)
    yield built
    built.close()


def save(org: Org, name: str) -> None:
    assert org.dml.insert(administrator(org), "Account", [{"Name": name}])[0].success


def names(org: Org) -> list[object]:
    table = org.table("Account")
    read = table.reader("Name")
    return [read(row) for row in table.rows()]


def test_a_snapshot_brings_back_what_it_saw_and_nothing_later(house: House) -> None:
    org = house.open()
    save(org, "before")
    take_snapshot(house, org, "one")
    save(org, "after")
    back = house.restore(snapshot_file(house, "one"))
    assert names(back) == ["before"]
    save(back, "again")
    assert names(back) == ["before", "again"]


def test_a_snapshot_can_be_gone_back_to_more_than_once(house: House) -> None:
    org = house.open()
    take_snapshot(house, org, "one")
    for _ in range(2):
        org = house.restore(snapshot_file(house, "one"))
        assert names(org) == []
        save(org, "x")


def test_a_house_in_memory_that_nobody_closes_leaves_nothing_on_the_disk() -> None:
    house = MemoryHouse(clock)
    take_snapshot(house, house.open(), "one")
    folder = house.snapshots
    assert folder.is_dir()
    del house
    gc.collect()
    assert not folder.exists()


def test_snapshots_are_listed_by_name(house: House) -> None:
    org = house.open()
    assert snapshot_names(house) == []
    take_snapshot(house, org, "b")
    take_snapshot(house, org, "a")
    assert snapshot_names(house) == ["a", "b"]


def test_a_renewed_org_has_nothing_and_the_same_users(house: House) -> None:
    org = house.open()
    save(org, "x")
    users = administrator(org)
    new = house.renew()
    assert names(new) == []
    assert administrator(new) == users


def test_what_is_restored_into_a_directory_is_there_at_the_next_start(tmp_path: Path) -> None:
    house = DirectoryHouse(tmp_path, clock)
    org = house.open()
    take_snapshot(house, org, "one")
    save(org, "lost")
    save(house.restore(snapshot_file(house, "one")), "kept")
    house.close()
    again = DirectoryHouse(tmp_path, clock)
    assert names(again.open()) == ["kept"]
    again.close()
