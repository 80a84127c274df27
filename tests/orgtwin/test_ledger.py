"""The ledger tells the truth: every row's test is there, every test is of some row, and every refusal and fault has one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import orgtwin
from orgtwin.faults.catalogue import FAULTS
from orgtwin.http.refused import REFUSED
from orgtwin.ledger import Evidence, LedgerRow, load_ledger

TOP = Path(__file__).parents[2]
PACKAGE = Path(str(orgtwin.__file__)).parent
ROWS = load_ledger()


@cache
def functions_of(path: Path) -> frozenset[str]:
    return frozenset(
        node.name for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.FunctionDef)
    )


@pytest.mark.parametrize("row", ROWS, ids=[row.key for row in ROWS])
def test_the_test_that_shows_a_row_is_there(row: LedgerRow) -> None:
    path, _, name = row.test.partition("::")
    assert (TOP / path).is_file(), f"{row.key}: there is no {path}"
    assert not name or name in functions_of(TOP / path), f"{row.key}: {path} has no {name}"


def refusals() -> Iterator[tuple[str, str]]:
    """Ledger keys that are written in calls of Unsupported, and where."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Unsupported":
                first = node.args[0] if node.args else None
                if isinstance(first, ast.Constant):
                    yield str(first.value), f"{path.relative_to(PACKAGE)}:{node.lineno}"


def test_every_refusal_by_name_has_its_row() -> None:
    refused = {row.key for row in ROWS if row.refused}
    missing = [f"{where}: {key}" for key, where in refusals() if key not in refused]
    missing += [f"http/refused.py: {key}" for key, _what in REFUSED.values() if key not in refused]
    assert missing == []


def test_every_fault_has_its_row() -> None:
    keys = {row.key for row in ROWS}
    assert [name for name in FAULTS if f"faults.{name.replace('_', '-')}" not in keys] == []


# What the twin is made of rather than what it does.
_OF_PARTS = frozenset(
    {
        "tests/orgtwin/apex/test_cli.py",
        "tests/orgtwin/apex/test_mutation.py",
        "tests/orgtwin/apex/test_verdicts.py",
        "tests/orgtwin/http/test_routing.py",
        "tests/orgtwin/http/test_uploads.py",
        "tests/orgtwin/http/test_usage.py",
        "tests/orgtwin/records/test_summaries.py",
        "tests/orgtwin/records/test_write_plans.py",
        "tests/orgtwin/test_lazy.py",
        "tests/orgtwin/test_ledger.py",
        "tests/orgtwin/test_reference.py",
    }
)


def test_every_file_of_tests_is_named_by_a_row() -> None:
    """A test that no row names shows a behaviour that the ledger does not tell of."""
    named = {row.test.partition("::")[0] for row in ROWS}
    files = {str(path.relative_to(TOP)) for path in (TOP / "tests/orgtwin").rglob("test_*.py")}
    assert sorted(files - named - _OF_PARTS) == []


def test_what_is_documented_or_refused_says_where() -> None:
    """A documented row names page and guide, or a standard; a refused one is the twin's own word."""
    documented = [row for row in ROWS if row.evidence is Evidence.DOCUMENTED]
    vague = [row.key for row in documented if "(" not in row.source and "RFC" not in row.source]
    boasting = [row.key for row in ROWS if row.refused and row.evidence is not Evidence.ASSUMED]
    assert (vague, boasting) == ([], [])
