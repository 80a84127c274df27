"""`clmkit compare A..B`: what changed between two states of a mapping, what it breaks, and whether it may be released."""

from __future__ import annotations

from pathlib import Path

import click

from clmkit.cli.findings import paused_collector
from clmkit.cli.lint import DEFAULT_SPEC
from clmkit.cli.output import AS_JSON
from clmkit.mapping.report import FORMATS as FINDING_FORMATS
from clmkit.release.notes import FORMATS
from clmkit.release.revisions import Revision, RevisionError, read_revision
from clmkit.release.verdict import judge, read_decisions


@click.command()
@click.argument("revisions", nargs=-1, required=True)
@click.option(
    "--spec", type=click.Path(path_type=Path), default=DEFAULT_SPEC, show_default=True, help="The mapping file."
)
@click.option(
    "--decisions",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("docs/decisions"),
    show_default=True,
    help="Folder of the decision records.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(sorted(FORMATS)),
    default="human",
    show_default=True,
    help="Shape of the output.",
)
@AS_JSON
def compare(revisions: tuple[str, ...], spec: Path, decisions: Path, form: str, as_json: bool) -> None:
    """Compare two states of a mapping and say what breaks.

    REVISIONS are A..B (git refs), A.. (a ref and the file on disk) or two files.
    Each change has one class: DATA loses values, METADATA is refused by the org, BEHAVIOUR makes the sync decide otherwise,
    CONSUMER hits reports, flows and people; SAFE breaks nothing. A break needs a decision record that holds a line
    `Decides: CODE SUBJECT`.

    \b
    Examples:
      clmkit compare v1.4.0..
      clmkit compare v1.4.0..v1.5.0 --format markdown
      clmkit compare old.yml new.yml --format json

    \b
    Exit codes:
      0  may be released
      1  a break is undecided, or the version took too small a step
      2  the input is wrong
    """
    before, after = _names(revisions)
    old, new = require_revision(before, spec), require_revision(after, spec)
    verdict = judge(old, new, read_decisions(decisions))
    click.echo(FORMATS["json" if as_json else form](verdict))
    raise SystemExit(0 if verdict.is_releasable else 1)


def _names(revisions: tuple[str, ...]) -> tuple[str, str]:
    if len(revisions) == 2:
        return revisions[0], revisions[1]
    before, dots, after = revisions[0].partition("..")
    if len(revisions) != 1 or not dots or not before:
        raise click.UsageError("give A..B, A.. or two files")
    return before, after


def require_revision(name: str, spec: Path) -> Revision:
    """The spec at a revision; with none there, the reason on standard error and exit code 2."""
    try:
        with paused_collector():
            return read_revision(name, spec)
    except RevisionError as error:
        if error.findings:
            click.echo(FINDING_FORMATS["human"](error.findings), err=True)
        click.echo(f"error: {error}", err=True)
        raise SystemExit(2) from error
