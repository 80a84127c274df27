"""`clmkit init`: a working mapping of one's own trade, with agreements that suit it."""

from __future__ import annotations

import json
from pathlib import Path

import click

from clmkit.cli.output import AS_JSON, tell
from clmkit.templates.agreements import make_agreements
from clmkit.templates.catalogue import TEMPLATES

MAPPING = Path("mappings/contract.yml")
DATA = Path("datasets/agreements.json")
NEXT = """\
next: clmkit lint {mapping}         what is wrong, with the line
      clmkit generate {mapping}     the Salesforce project
      clmkit plan --help            what a deploy to an org would change"""


@click.command("init")
@click.option("--template", "name", type=click.Choice(sorted(TEMPLATES)), help="The trade to start from.")
@click.option("--list", "show", is_flag=True, help="List the templates and end.")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), default=Path(), help="Folder of the new project."
)
@click.option("--agreements", "count", default=25, show_default=True, help="How many agreements to make up.")
@click.option("--seed", default=1, show_default=True, help="The same seed makes the same agreements.")
@click.option("--force", is_flag=True, help="Overwrite files that are there.")
@AS_JSON
def init_project(name: str | None, show: bool, out: Path, count: int, seed: int, force: bool, as_json: bool) -> None:
    """Start a project: a mapping of one's trade, with agreements.

    \b
    Examples:
      clmkit init --list
      clmkit init --template saas --out my-project

    \b
    Exit codes:
      0  written or listed
      2  nothing was written
    """
    if show or name is None:
        rows = {row.name: row.summary for row in TEMPLATES.values()}
        tell(rows, "\n".join(f"{name:<14} {summary}" for name, summary in rows.items()), as_json)
        raise SystemExit(0 if show else _refuse("which template? Give one of the above with --template"))
    there = [path for path in (out / MAPPING, out / DATA) if path.exists()]
    if there and not force:
        raise SystemExit(_refuse(f"{there[0]} is there already; --force overwrites it"))
    template = TEMPLATES[name]
    agreements = make_agreements(template, count, seed)
    _write(out / MAPPING, template.read_mapping())
    _write(out / DATA, json.dumps(agreements, indent=1, ensure_ascii=False) + "\n")
    words = (
        f"{out / MAPPING}: {template.summary}",
        f"{out / DATA}: {len(agreements)} agreements, seed {seed}",
        NEXT.format(mapping=out / MAPPING),
    )
    facts = {"template": name, "mapping": (out / MAPPING).as_posix(), "agreements": (out / DATA).as_posix()}
    tell({**facts, "count": len(agreements), "seed": seed}, "\n".join(words), as_json)


def _refuse(message: str) -> int:
    click.echo(f"clmkit init: {message}", err=True)
    return 2


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SystemExit(_refuse(f"{path}: cannot be written: {error.strerror}")) from error
