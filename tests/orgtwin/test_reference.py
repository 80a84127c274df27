"""The page about the org twin says what the ledger says."""

from __future__ import annotations

from pathlib import Path

from orgtwin.ledger import load_ledger
from orgtwin.reference import CHAPTERS, PAGE, render_page

TOP = Path(__file__).parents[2]


def test_the_page_is_what_the_ledger_renders_to() -> None:
    assert (TOP / PAGE).read_text(encoding="utf-8") == render_page(), "run: python -m orgtwin.reference"


def test_every_row_of_the_ledger_stands_in_one_chapter() -> None:
    page = render_page()
    lost = [row.key for row in load_ledger() if row.key.partition(".")[0] not in CHAPTERS]
    rows = sum(line.startswith("| ") for line in page.splitlines())
    heads = 2 * page.count("\n## ")
    assert lost == []
    assert rows - heads == len(load_ledger())
