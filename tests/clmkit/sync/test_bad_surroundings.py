"""What surrounds the sync fails: the disk, the file, the clock. It says so clearly, and nothing is lost."""

import os
import resource
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.clmkit.sync.world import ACME, World

from clmkit.sync import database_sqlite
from clmkit.sync.audit import find_break
from clmkit.sync.database import StateError, Target
from clmkit.sync.database_sqlite import DURABILITY
from clmkit.sync.guards import Limits
from clmkit.sync.sole import sole_sync
from clmkit.sync.state import State

AGREEMENTS = [f"AGR-{number:06d}" for number in range(1, 9)]
WIDE = Limits(changed_from=1000)


def make_world(target: Target) -> World:
    world = World(state_path=target, limits=WIDE)
    for agreement in AGREEMENTS:
        world.agreement(agreement)
    world.run()
    world.run()
    return world


def edit_both(world: World, title: str) -> None:
    for agreement in AGREEMENTS:
        world.agreement(agreement, title=f"{title} {agreement}")
        world.org.edit("Contract", agreement, OwnerId="005BEA")


def require_equal(world: World, title: str) -> None:
    """Both edits are in both systems, every event is settled, the chain holds."""
    assert world.run().stopped == ""
    for agreement in AGREEMENTS:
        assert world.contract(agreement)["CLM_Title__c"] == f"{title} {agreement}"
        assert world.clm.agreements[agreement]["business_owner"] == {"email": "bea@example.com"}
    assert "waiting" not in world.state.inbox.count_outcomes()
    assert find_break(world.state.read_audit()) is None
    assert world.reconcile().differences == []


def connection_of(world: World) -> sqlite3.Connection:
    database: Any = world.state.database
    connection: sqlite3.Connection = database.connection
    return connection


@pytest.mark.parametrize("spare", range(8))
def test_a_disk_that_is_full_at_any_page_ends_the_run_in_words_and_loses_nothing(tmp_path: Path, spare: int) -> None:
    """SQLite itself says so: it may not take more than so many pages."""
    world = make_world(tmp_path / "sync.sqlite")
    connection_of(world).execute("PRAGMA wal_checkpoint(TRUNCATE)")
    pages = connection_of(world).execute("PRAGMA page_count").fetchone()[0]
    connection_of(world).execute("CREATE TABLE ballast (bytes BLOB)")
    connection_of(world).execute(f"PRAGMA max_page_count = {pages + 1 + spare}")
    fill(world)
    with pytest.raises(StateError) as told:
        run_on_and_on(world)
    words = "the disk is full. Nothing was lost; make room and run again."
    assert str(told.value) == f"{tmp_path / 'sync.sqlite'}: {words}"
    connection_of(world).execute("DROP TABLE ballast")
    connection_of(world).execute("PRAGMA max_page_count = 1000000")
    world.restart()
    edit_both(world, "Room")
    world.run()
    require_equal(world, "Room")


def fill(world: World) -> None:
    """Use up what SQLite may still take, but for a row."""
    size = 4000
    while size > 100:
        try:
            connection_of(world).execute("INSERT INTO ballast VALUES (zeroblob(?))", (size,))
        except sqlite3.OperationalError:
            size //= 2


def run_on_and_on(world: World) -> None:
    for turn in range(100):
        edit_both(world, f"Turn {turn}")
        world.run()


UNANSWERED = "the disk does not answer as it should. Nothing more was written; look at the disk and run again."
FULL = "the disk is full. Nothing was lost; make room and run again."


@pytest.mark.parametrize(
    ("most_bytes", "least_room", "words"), [(0, 0, UNANSWERED), (30_000, 0, UNANSWERED), (0, 2**60, FULL)]
)
def test_a_limit_on_the_size_of_files_ends_the_run_in_words_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most_bytes: int, least_room: int, words: str
) -> None:
    """What the system refuses to write, as under a quota: it strikes the log beside the state, between two pages or in one.

    SQLite calls a full disk the same.
    """
    monkeypatch.setattr(database_sqlite, "LEAST_ROOM", least_room)
    world = make_world(tmp_path / "sync.sqlite")
    connection_of(world).execute("PRAGMA wal_checkpoint(TRUNCATE)")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, hard))
    try:
        with sole_sync(tmp_path / "sync.sqlite", "this one"), pytest.raises(StateError) as told:
            run_on_and_on(world)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert str(told.value) == f"{tmp_path / 'sync.sqlite'}: {words}"
    world.restart()
    edit_both(world, "Room")
    world.run()
    require_equal(world, "Room")


def test_a_state_that_may_only_be_read_ends_the_run_in_words_and_loses_nothing(tmp_path: Path) -> None:
    world = make_world(tmp_path / "sync.sqlite")
    edit_both(world, "Read only")
    connection_of(world).execute("PRAGMA query_only = ON")
    with pytest.raises(StateError) as told:
        world.run()
    assert str(told.value) == (
        f"{tmp_path / 'sync.sqlite'}: it cannot be written. Nothing was lost; give the sync's user the right to write the file"
        " and its folder."
    )
    connection_of(world).execute("PRAGMA query_only = OFF")
    world.run()
    require_equal(world, "Read only")


def test_what_a_run_committed_is_on_the_disk_and_outlives_the_power(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_sqlite, "DURABILITY", DURABILITY)
    world = World(state_path=tmp_path / "sync.sqlite")
    facts = {name: world.state.database.execute(f"PRAGMA {name}") for name in ("journal_mode", "synchronous")}
    world.restart()
    assert facts == {"journal_mode": [("wal",)], "synchronous": [(2,)]}


def no_file(path: Path) -> None:
    path.write_text("this is a letter, no database, and it is long enough to be taken for one at a first look" * 20)


def a_folder(path: Path) -> None:
    path.mkdir()


def a_damaged_file(path: Path) -> None:
    World(state_path=path).state.close()
    content = bytearray(path.read_bytes())
    content[100:4096] = os.urandom(3996)
    path.write_bytes(content)


BROKEN: dict[str, tuple[Callable[[Path], None], str]] = {
    "no SQLite file": (
        no_file,
        "this is no SQLite file. Nothing was changed; name another state, or restore a copy of this one.",
    ),
    "a folder": (a_folder, "it cannot be opened. Is its folder there, and may the sync's user read and write it?"),
    "a damaged file": (
        a_damaged_file,
        "the file is damaged. Nothing more was written; restore a copy, then run `clmkit reconcile`.",
    ),
}


@pytest.mark.parametrize(("make", "words"), BROKEN.values(), ids=BROKEN)
def test_a_state_that_is_none_is_refused_in_words_and_left_as_it_is(
    tmp_path: Path, make: Callable[[Path], None], words: str
) -> None:
    path = tmp_path / "sync.sqlite"
    make(path)
    before = path.read_bytes() if path.is_file() else b""
    with pytest.raises(StateError) as told:
        State(path)
    assert str(told.value) == f"{path}: {words}"
    assert (path.read_bytes() if path.is_file() else b"") == before


def test_a_clock_that_is_set_back_an_hour_loses_nothing_and_breaks_no_chain(target: Target) -> None:
    world = World(state_path=target, now="2026-11-22T12:00:00.000Z", limits=WIDE)
    for agreement in AGREEMENTS:
        world.agreement(agreement)
    world.run()
    world.run()
    edit_both(world, "Before")
    world.run()
    world.now, world.clock = "2026-11-22T11:00:00.000Z", -3600.0
    edit_both(world, "After")
    world.agreement("AGR-000001", title="After AGR-000001")
    world.run()
    require_equal(world, "After")
    world.now, world.clock = "2026-11-22T12:00:01.000Z", 1.0
    edit_both(world, "Again")
    world.run()
    require_equal(world, "Again")
    world.state.close()


def test_a_text_with_nul_waits_in_both_databases(target: Target) -> None:
    world = World(state_path=target)
    world.agreement("AGR-000001", governing_law="The law\0 of the sea", title="A\0B")
    world.agreement("AGR-000002", counterparty={"id": f"{ACME}\0", "name": "ACME", "contact": None})
    world.agreement("AGR-000003")
    assert world.run().stopped == ""
    assert world.org.find("Contract", "AGR-000003") is not None
    assert "The law␀ of the sea" in {row.value for row in world.state.read_parked()}
    world.state.close()
