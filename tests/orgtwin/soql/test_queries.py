"""What queries answer; the facts are in cases/."""

from __future__ import annotations

import json

from orgtwin.errors import SalesforceError
from orgtwin.organization import Organization
from orgtwin.records.model import Caller
from orgtwin.soql import Cell, ResultRow, execute, to_wire

CASES = ("select.txt", "where.txt", "dates.txt", "relations.txt", "groups.txt", "refusals.txt")


def shown(row: ResultRow) -> dict[str, object]:
    return {key: _shown(cell) for key, cell in row.values.items()}


def _shown(cell: Cell) -> object:
    if isinstance(cell, ResultRow):
        return shown(cell)
    if isinstance(cell, list):
        return [shown(child) for child in cell]
    if isinstance(cell, dict):
        return {name: to_wire(value) for name, value in cell.items()}
    return to_wire(cell)


def answer(org: Organization, caller: Caller, query: str) -> str:
    """The rows as JSON, one a line; the number of a COUNT(); or `! CODE` and the message."""
    try:
        result = execute(org, caller, query)
    except SalesforceError as error:
        return f"! {error.code}\n{error.message.strip(chr(10))}"
    if result.counts_only:
        return f"count {result.total_size}"
    return "\n".join(json.dumps(shown(row)) for row in result.rows) or "no rows"


def test_a_query_answers(org: Organization, caller: Caller, given: str, expected: str) -> None:
    assert answer(org, caller, given) == expected
