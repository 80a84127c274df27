"""How the commands that read a spec show its findings."""

from __future__ import annotations

from pathlib import Path

import click

from clmkit.mapping.findings import Finding
from clmkit.mapping.loader import load_spec
from clmkit.mapping.model import Spec


def require_spec(path: Path) -> Spec:
    """The resolved spec; with an error in it, the findings on standard error and exit code 2."""
    loaded = load_spec(path)
    if loaded.spec is None:
        for finding in loaded.errors:
            click.echo(render_finding(finding), err=True)
        raise SystemExit(2)
    return loaded.spec


def render_finding(finding: Finding) -> str:
    """One finding with place, excerpt, caret and what to do next."""
    place = finding.place
    lines = [f"{finding.file}:{place.line}:{place.column}: {finding.severity.value} {finding.code}: {finding.message}"]
    if finding.excerpt:
        lines += [f"    {finding.excerpt}", f"    {' ' * (place.column - 1)}{'^' * place.width}"]
    return "\n".join([*lines, f"help: {finding.help}"])
