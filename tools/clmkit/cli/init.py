"""`clmkit init`: a working mapping of one's own trade, with agreements that suit it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path

import click
import jinja2

from clmkit.cli.output import AS_JSON, tell
from clmkit.mapping.loader import load_bytes
from clmkit.mapping.schema import render_schema
from clmkit.templates.agreements import Agreement, make_agreements
from clmkit.templates.catalogue import TEMPLATES, Template

MAPPING = Path("mappings/contract.yml")
SCHEMA = Path("mappings/schema.json")
DATA = Path("datasets/agreements.json")
PROJECT = Path("sfdx-project.json")
SUITE = (Path("tests/test_contracts.py"), Path("Makefile"), Path("README.md"))
MODELINE = "# yaml-language-server: $schema=schema.json\n"
"""Editors with a YAML language server check the mapping while it is written, and tell what each key means."""

NEXT = """\
next, in {out}:
  make test                     all of it at once: checked, generated, deployed to twins of both systems, lived through
  clmkit lint                   what is wrong, with the line
  clmkit generate               the Salesforce project, in force-app
  clmkit plan --org ALIAS       what a deploy to an org would change; ALIAS as the sf CLI knows the org"""


@click.command("init")
@click.option("--template", "name", type=click.Choice(sorted(TEMPLATES)), help="The trade to start from.")
@click.option("--list", "show", is_flag=True, help="List the templates and end.")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), default=Path(), help="Folder of the new project."
)
@click.option(
    "--agreements",
    "count",
    type=click.IntRange(0, 100_000),
    default=25,
    show_default=True,
    help="How many agreements to make up.",
)
@click.option("--seed", default=1, show_default=True, help="The same seed makes the same agreements.")
@click.option("--force", is_flag=True, help="Overwrite files that are there.")
@AS_JSON
def init_project(name: str | None, show: bool, out: Path, count: int, seed: int, force: bool, as_json: bool) -> None:
    """Start a project: a mapping of one's trade, with agreements.

    A suite beside them tries the mapping on twins of both systems.
    The folder is a Salesforce project, too: sfdx-project.json tells the sf CLI where force-app is.

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
    template = TEMPLATES[name]
    agreements = make_agreements(template, count, seed)
    files = {out / path: text for path, text in _write_project(template, agreements)}
    there = [path for path in files if path.exists()]
    if there and not force:
        raise SystemExit(_refuse(f"{there[0]} is there already; --force overwrites it"))
    for path, text in files.items():
        _write(path, text)
    words = (
        f"{out / MAPPING}: {template.summary}",
        f"{out / DATA}: {len(agreements)} agreements, seed {seed}",
        NEXT.format(out=out),
    )
    facts = {"template": name, "mapping": (out / MAPPING).as_posix(), "agreements": (out / DATA).as_posix()}
    tell({**facts, "count": len(agreements), "seed": seed}, "\n".join(words), as_json)


def _write_project(template: Template, agreements: Sequence[Agreement]) -> Iterator[tuple[Path, str]]:
    """Every file of a new project, the mapping first."""
    mapping = template.read_mapping()
    yield MAPPING, MODELINE + mapping
    yield SCHEMA, render_schema()
    yield DATA, json.dumps(agreements, indent=1, ensure_ascii=False) + "\n"
    spec = load_bytes(mapping.encode(), template.file).spec
    if spec is None:
        raise RuntimeError(f"the template {template.name} has an error")
    project = {
        "name": spec.name,
        "namespace": "",
        "packageDirectories": [{"path": "force-app", "default": True}],
        "sfdcLoginUrl": "https://login.salesforce.com",
        "sourceApiVersion": spec.api_version,
    }
    yield PROJECT, json.dumps(project, indent=2) + "\n"
    for path in SUITE:
        text = resources.files("clmkit.templates").joinpath("project", f"{path.name}.j2").read_text(encoding="utf-8")
        yield (
            path,
            jinja2.Template(text, undefined=jinja2.StrictUndefined, keep_trailing_newline=True).render(spec=spec),
        )


def _refuse(message: str) -> int:
    click.echo(f"clmkit init: {message}", err=True)
    return 2


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SystemExit(_refuse(f"{path}: cannot be written: {error.strerror}")) from error
