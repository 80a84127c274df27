"""Old and new state files: lifted where that is possible, refused with what to do where it is not; never half."""

import sqlite3
from pathlib import Path

import pytest

from clmkit.sync.database import StateError
from clmkit.sync.layout import CURSOR, LAYOUT, STEPS
from clmkit.sync.state import Link, State

ANEW = (
    "Keep it for its audit chain and name another state in the configuration: the first run then finds every record again by its"
    " external ID and takes both systems as they are."
)


def change(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A state with one link."""
    path = tmp_path / "sync.sqlite"
    state = State(path)
    with state.transaction():
        state.put_links([Link("contract", "AGR-1", "AGR-1", "800A", 3, "", {"Name": "A"})])
    state.close()
    return path


def number_of(path: Path) -> str:
    state = State(path)
    try:
        assert state.find_link("contract", "AGR-1") is not None
        return state.get_cursor(CURSOR)
    finally:
        state.close()


def test_a_new_state_has_the_layout_of_today(path: Path) -> None:
    assert number_of(path) == str(LAYOUT)


def test_a_state_from_before_there_were_numbers_is_lifted_with_all_it_knows(path: Path) -> None:
    change(path, "DELETE FROM cursor WHERE source = 'layout'", "DROP TABLE scheduled", "DROP TABLE held")
    assert number_of(path) == str(LAYOUT)


def test_every_layout_has_a_step_from_the_one_before() -> None:
    assert list(STEPS) == list(range(2, LAYOUT + 1))


def test_a_state_of_a_newer_clmkit_is_refused_and_left_alone(path: Path) -> None:
    change(path, f"UPDATE cursor SET position = '{LAYOUT + 1}' WHERE source = 'layout'")
    with pytest.raises(StateError) as caught:
        State(path)
    assert str(caught.value) == (
        f"{path}: The state was written by a newer clmkit: it has layout {LAYOUT + 1}, this clmkit knows layouts up to {LAYOUT}."
        " Run that one again, or restore a copy."
    )


def test_a_state_whose_tables_lack_a_column_is_refused_with_what_to_do(path: Path) -> None:
    change(path, "ALTER TABLE link DROP COLUMN hops")
    with pytest.raises(StateError) as caught:
        State(path)
    words = "The state was written by an older clmkit that this one cannot lift: table link has no hops."
    assert str(caught.value) == f"{path}: {words} {ANEW}"
