"""The ledger tells the truth: every row's test is there, and every refusal by name has a row."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import orgtwin
from orgtwin.http.refused import REFUSED
from orgtwin.ledger import LedgerRow, load_ledger

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
