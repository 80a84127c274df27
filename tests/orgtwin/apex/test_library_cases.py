"""Every method, constructor and property of the library that runs is run by a case.

Those of cases/without.txt are not: `== reason`, then the names. The cases run again here, with a recorder in the library's tables;
what they print is compared elsewhere. A method that every case sees refused has none: the library's page must list it as refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from tests.orgtwin.apex.conftest import cases_of
from tests.orgtwin.apex.library_entries import emulated, recorded
from tests.orgtwin.apex.live_org import LiveOrg
from tests.orgtwin.apex.small_org import SmallOrg
from tests.orgtwin.apex.test_cases import run_program
from tests.orgtwin.apex.test_library_values import programs
from tests.orgtwin.apex.test_org_programs import printed
from tests.orgtwin.apex.test_tested_programs import told

from orgtwin.apex.engine import Engine
from orgtwin.apex.project import read_project
from orgtwin.apex.projects import prepare

FOLDER = Path(__file__).parent
WITHOUT = (FOLDER / "cases/without.txt").read_text(encoding="utf-8").splitlines()
AT_ONCE = 200  # rows compiled together


@pytest.fixture(scope="module")
def left() -> set[str]:
    """What no case runs."""
    entries = emulated()
    with recorded(entries) as called:
        run_values()
        for program in programs():
            Engine(SmallOrg()).run_anonymous(program)
        for program in given("programs"):
            run_program(program)
        for program in given("platform"):
            run_in_real_org(program)
        for program in given("tests"):
            told(program)
        engine = prepare(read_project(FOLDER / "org_project"))
        for program in given("orgs"):
            printed(engine, program)
    return entries.keys() - called


def test_every_emulated_method_of_the_library_is_run_by_a_case(left: set[str]) -> None:
    assert sorted(left - set(WITHOUT)) == []


def test_what_is_listed_without_a_case_has_none(left: set[str]) -> None:
    listed = {line for line in WITHOUT if line and not line.startswith("== ")}
    assert sorted(listed - left) == []
    assert len(listed) <= 90


def given(kind: str) -> Iterator[str]:
    for path in sorted((FOLDER / "cases" / kind).iterdir()):
        yield from (text for _title, text, _expected in cases_of(path))


def run_values() -> None:
    rows = list(given("values"))
    for start in range(0, len(rows), AT_ONCE):
        run_rows(rows[start : start + AT_ONCE])


def run_rows(some: Iterable[str]) -> None:
    """The rows that compile, in one program."""
    rows = list(some)
    engine = Engine(SmallOrg())
    text = "\n".join(f"try {{ System.debug({row}); }} catch (Exception e) {{ }}" for row in rows)
    refused = {problem.line for problem in engine.run_anonymous(text)}
    if refused:
        run_rows(row for line, row in enumerate(rows, 1) if line not in refused)


def run_in_real_org(program: str) -> None:
    *classes, anonymous = program.split("\n---\n")
    org = LiveOrg()
    org.load(**{f"source{n}": source for n, source in enumerate(classes)})
    org.engine.run_anonymous(anonymous, org.keep)
