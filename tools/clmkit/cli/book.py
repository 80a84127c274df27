"""`clmkit book`: the mapping spec as a book for people, HTML and spreadsheet."""

from __future__ import annotations

from pathlib import Path

import click

from clmkit.cli.findings import require_spec
from clmkit.cli.output import AS_JSON, tell
from clmkit.cli.release_options import CHANGES_PER_DAY, ROWS_PER_LIST
from clmkit.codegen.book.html import render_html
from clmkit.codegen.book.make import make_book
from clmkit.codegen.book.traffic import Load
from clmkit.codegen.book.workbook import render_workbook


@click.command()
@click.argument("spec", type=click.Path(path_type=Path), default=Path("mappings/contract.yml"))
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("build/book"),
    help="Folder of the two files.",
)
@CHANGES_PER_DAY
@ROWS_PER_LIST
@AS_JSON
def book(spec: Path, out: Path, changes_per_day: int, rows_per_list: int, as_json: bool) -> None:
    """Write the mapping book: catalogue, matrices, security, limits.

    Data catalogue, CRUD matrix, ownership, security map, threats, API budget and limits of SPEC. book.html is one file without
    network, readable on a phone; book.xlsx holds the same tables, a sheet each.

    \b
    Example:
      clmkit book --changes-per-day 4000

    \b
    Exit codes:
      0  written
      2  the mapping has an error, or the folder cannot be written
    """
    made = make_book(require_spec(spec), Load(changes_per_day, rows_per_list))
    files = {"book.html": render_html(made).encode(), "book.xlsx": render_workbook(made)}
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (out / name).write_bytes(content)
    except OSError as error:
        click.echo(f"{out}: cannot be written: {error.strerror}", err=True)
        raise SystemExit(2) from error
    rows = sum(len(table.rows) for table in made.tables)
    facts = {"files": [(out / name).as_posix() for name in files], "tables": len(made.tables), "rows": rows}
    tell(facts, f"{out}: book.html and book.xlsx, {len(made.tables)} tables, {rows} rows", as_json)
