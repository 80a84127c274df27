"""How tests are shared out to workers."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.distribution import FIRST, SHARED_BY_A_FOLDER, unit_of

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("nodeid", "unit"),
    [
        ("tests/docs/test_console.py::test_a_page[a::b]", "tests/docs/test_console.py"),
        ("tests/orgtwin/sf/test_org.py::test_a_user", "tests/orgtwin/sf"),
        ("tests/orgtwin/soql/test_limits.py::test_a_query", "tests/orgtwin/soql/test_limits.py"),
    ],
)
def test_a_file_or_a_folder_that_shares_a_system_stays_with_one_worker(nodeid: str, unit: str) -> None:
    assert unit_of(nodeid) == unit


def test_every_folder_that_shares_a_system_is_there() -> None:
    assert [folder for folder in SHARED_BY_A_FOLDER if not list((ROOT / folder).glob("test_*.py"))] == []


def test_every_mark_that_begins_early_is_a_mark_of_the_project(pytestconfig: pytest.Config) -> None:
    known = {str(line).split(":", 1)[0] for line in pytestconfig.getini("markers")}
    assert set(FIRST) - known == set()


def test_no_test_asks_for_a_group_of_xdist_because_nobody_would_answer() -> None:
    mark = "mark." + "xdist_group"
    asking = [path for path in (ROOT / "tests").rglob("*.py") if mark in path.read_text(encoding="utf-8")]
    assert asking == []
