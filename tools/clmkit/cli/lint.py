"""`clmkit lint` and `clmkit explain`: check a mapping file, and say what a code means."""

from __future__ import annotations

import difflib
import sys
from pathlib import Path

import click

from clmkit.cli.output import AS_JSON, tell
from clmkit.mapping.loader import load_spec
from clmkit.mapping.reading import PAGES
from clmkit.mapping.report import FORMATS
from clmkit.mapping.rules import all_rules

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


@click.command()
@click.argument("code", default="")
@click.option("--list", "lists", is_flag=True, help="List every code with its first sentence.")
@AS_JSON
def explain(code: str, lists: bool, as_json: bool) -> None:
    """Say what a finding's CODE means, with a bad and a good way.

    \b
    Examples:
      clmkit explain MAP703
      clmkit explain --list

    \b
    Exit codes:
      0  told
      2  no finding has that code
    """
    pages = PAGES | {rule.code: rule.page for rule in all_rules()}
    if lists:
        titles = {known: page.strip().partition("\n")[0] for known, page in sorted(pages.items())}
        tell(titles, "\n".join(f"{known}  {title}" for known, title in titles.items()), as_json)
        return
    page = pages.get(code.upper())
    if page is None:
        near = difflib.get_close_matches(code.upper(), pages, n=1)
        hint = f"do you mean {near[0]}?" if near else "`clmkit explain --list` lists them all"
        click.echo(f"clmkit explain: no finding has the code {code or '(none given)'}; {hint}", err=True)
        sys.exit(2)
    tell({"code": code.upper(), "page": page.strip()}, f"{code.upper()}\n\n{page.strip()}", as_json)
