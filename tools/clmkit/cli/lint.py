"""`clmkit lint`: check a mapping file."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from clmkit.cli.output import AS_JSON
from clmkit.mapping.loader import load_spec
from clmkit.mapping.report import FORMATS

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
@AS_JSON
def lint(file: Path, form: str, strict: bool, as_json: bool) -> None:
    """Check a mapping: file, line, column and what to do.

    Nothing is written.

    \b
    Examples:
      clmkit lint
      clmkit lint mappings/contract.yml --strict
      clmkit lint --format sarif > lint.sarif

    \b
    Exit codes:
      0  no error
      2  at least one error; with --strict also at a warning
    """
    loaded = load_spec(file)
    text = FORMATS["json" if as_json else form](loaded.findings)
    if text:
        click.echo(text)
    if loaded.errors or (strict and loaded.findings):
        sys.exit(2)
