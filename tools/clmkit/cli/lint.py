"""`clmkit lint` and `clmkit explain`: check a mapping file, and say what a code means."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from clmkit.mapping.loader import load_spec
from clmkit.mapping.reading import PAGES
from clmkit.mapping.report import FORMATS
from clmkit.mapping.rules import all_rules
from clmkit.mapping.shape import suggest

DEFAULT_SPEC = Path("mappings/contract.yml")


@click.command()
@click.argument("file", type=click.Path(path_type=Path), default=DEFAULT_SPEC)
@click.option(
    "--format",
    "form",
    type=click.Choice(sorted(FORMATS)),
    default="human",
    show_default=True,
    help="Shape of the output.",
)
@click.option("--strict", is_flag=True, help="Count warnings as errors.")
def lint(file: Path, form: str, strict: bool) -> None:
    """Check a mapping FILE: every finding with file, line, column and what to do.

    Exit codes: 0 no error, 2 at least one error. Nothing is written.
    """
    loaded = load_spec(file)
    text = FORMATS[form](loaded.findings)
    if text:
        click.echo(text)
    if loaded.errors or (strict and loaded.findings):
        sys.exit(2)


@click.command()
@click.argument("code")
def explain(code: str) -> None:
    """Say what a finding's CODE means, with a bad and a good example."""
    pages = PAGES | {rule.code: rule.page for rule in all_rules()}
    page = pages.get(code.upper())
    if page is None:
        click.echo(f"clmkit explain: no finding has the code {code}; {suggest(code.upper(), sorted(pages))}", err=True)
        sys.exit(2)
    click.echo(f"{code.upper()}\n\n{page.strip()}")
