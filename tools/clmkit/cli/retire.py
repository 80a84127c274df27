"""`clmkit retire OBJECT.FIELD`: the next of the four steps that take a field out of an org."""

from __future__ import annotations

import re
from pathlib import Path

import click

from clmkit.cli.output import AS_JSON, tell
from clmkit.cli.release_options import DECISIONS, ORG, SPEC, run_guarded, this_run
from clmkit.release.apply import ApplyRefused
from clmkit.release.journal import Journal
from clmkit.release.lock import holding_lock
from clmkit.release.org_access import open_org, read_access
from clmkit.release.retire import Done, Step, retire_field
from clmkit.release.revisions import read_revision
from clmkit.release.verdict import read_decisions

FIELD_NAME = re.compile(r"[A-Za-z]\w*\.[A-Za-z]\w*__c")


@click.command()
@click.argument("field", metavar="OBJECT.FIELD")
@ORG
@SPEC
@DECISIONS
@click.option(
    "--retirements",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("build/retirements"),
    show_default=True,
    help="Where the steps are written down.",
)
@AS_JSON
def retire(field: str, org_file: str, spec: Path, decisions: Path, retirements: Path, as_json: bool) -> None:
    """Do the next step of taking a dropped field out of the org.

    Deprecate, stop write, verify unused, delete: one step a run, each a release of its own; none can be skipped. The delete loses
    the field's values.

    \b
    Example:
      clmkit retire Contract.CLM_Old__c --org org.json

    \b
    Exit codes:
      0  the step is done
      1  refused, by this command or by the org
      2  it could not be done
    """
    if not FIELD_NAME.fullmatch(field):
        click.echo(f"error: {field}: is no custom field; write it as Contract.CLM_Old__c", err=True)
        raise SystemExit(2)
    folder = retirements / field

    async def work() -> Done:
        access, revision = read_access(org_file), read_revision("", spec)
        run = this_run(f"clmkit retire {field}")
        async with open_org(access, revision.spec.api_version) as org, holding_lock(org.metadata, run, folder):
            return await retire_field(org, revision.spec, field, Journal(folder), read_decisions(decisions))

    try:
        done = run_guarded(work, failed=2)
    except ApplyRefused as refused:
        click.echo(f"refused: {refused}", err=True)
        raise SystemExit(1) from refused
    words = [f"{done.step.value}: {line}" for line in done.lines]
    following = "" if done.step in (Step.DELETE, Step.DONE) else list(Step)[list(Step).index(done.step) + 1].value
    if following:
        words.append(f"next: {following}, in a release of its own")
    tell({"step": done.step.value, "done": done.lines, "next": following}, "\n".join(words), as_json)
