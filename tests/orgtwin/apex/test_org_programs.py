"""Every program of cases/orgs prints what it says it prints, in an org with the metadata of org_project."""

from __future__ import annotations

from pathlib import Path

import pytest

from orgtwin.apex.engine import Engine
from orgtwin.apex.faults import ApexThrow
from orgtwin.apex.project import read_project
from orgtwin.apex.projects import prepare
from orgtwin.errors import Unsupported

CASE_KIND = "orgs"


@pytest.fixture(scope="module")
def engine() -> Engine:
    problems: list[str] = []
    found = prepare(read_project(Path(__file__).parent / "org_project"), tell=problems.append)
    assert problems == []
    return found


def printed(engine: Engine, program: str) -> str:
    """The debug log of anonymous Apex, whose writes are taken back; problems, exceptions and refusals as lines.

    A program that runs as somebody does so as a test does.
    """
    mark = engine.port.savepoint()
    engine.debug_log.clear()
    engine.is_testing = "System.runAs(" in program
    try:
        problems = engine.run_anonymous(program)
        ends = [f"{p.line}:{p.column}: {p.message}" for p in problems]
    except ApexThrow as error:
        ends = [f"thrown {error}"]
    except Unsupported as error:
        ends = [f"refused {error.ledger_key}"]
    finally:
        engine.is_testing = False
        engine.port.rollback(mark)
    return "\n".join([*engine.debug_log, *ends])


def test_a_program_in_an_org_prints_what_the_documentation_says(engine: Engine, case: tuple[str, str]) -> None:
    given, expected = case
    assert printed(engine, given) == expected
