"""The page about the org twin says what the ledger says."""

from __future__ import annotations

from pathlib import Path

from orgtwin.http.routing import Door
from orgtwin.http.surfaces import ROUTES
from orgtwin.ledger import load_ledger
from orgtwin.reference import CHAPTERS, FAULTS_HEAD, PAGE, README, render_page, write_table

TOP = Path(__file__).parents[2]


def test_the_page_is_what_the_ledger_renders_to() -> None:
    assert (TOP / PAGE).read_text(encoding="utf-8") == render_page(), "run: python -m orgtwin.reference"


def test_the_table_of_the_readme_counts_the_ledger() -> None:
    readme = (TOP / README).read_text(encoding="utf-8")
    assert readme == write_table(readme), "run: python -m orgtwin.reference"
    row = next(line for line in readme.splitlines() if line.startswith("| all |"))
    assert sum(int(cell) for cell in row.split("|")[2:-1]) == len(load_ledger())


def test_every_row_of_the_ledger_stands_in_one_chapter() -> None:
    page = render_page().partition(FAULTS_HEAD)[0]
    lost = [row.key for row in load_ledger() if row.key.partition(".")[0] not in CHAPTERS]
    rows = sum(line.startswith("| ") for line in page.splitlines())
    heads = 2 * page.count("\n## ")
    assert lost == []
    assert rows - heads == len(load_ledger())


def test_every_address_of_the_twin_says_what_it_does() -> None:
    silent = [
        f"{route.method} {route.template}" for route in ROUTES if route.door is Door.ADMIN and not route.handler.__doc__
    ]
    assert silent == []
