"""`clmkit plan`: what a release would do to an org and to the records in it, before anything is done."""

from __future__ import annotations

import sys
from pathlib import Path
from shutil import get_terminal_size

import click

from clmkit.cli.output import AS_JSON
from clmkit.cli.release_options import (
    AGAINST,
    CHANGES_PER_DAY,
    DECISIONS,
    INTENT,
    ORG,
    PACKAGE,
    PLANS,
    ROWS_PER_LIST,
    SPEC,
    STATE,
    run_guarded,
)
from clmkit.codegen.book.traffic import Load
from clmkit.release.disk import write_whole
from clmkit.release.org_access import open_org, read_access
from clmkit.release.plan import Plan
from clmkit.release.plan_report import WIDTH, render_html, render_human, render_json
from clmkit.release.planning import Sources, draw_plan, keep_plan, read_intent

NARROWEST = 72


@click.command()
@ORG
@SPEC
@PACKAGE
@DECISIONS
@INTENT
@AGAINST
@STATE
@CHANGES_PER_DAY
@ROWS_PER_LIST
@PLANS
@AS_JSON
@click.option(
    "--html", type=click.Path(path_type=Path, dir_okay=False), help="Write the plan as one self-contained page."
)
def plan(
    org_file: str,
    spec: Path,
    package: Path,
    decisions: Path,
    intent: str,
    against: str,
    state: Path | None,
    changes_per_day: int,
    rows_per_list: int,
    plans: Path,
    as_json: bool,
    html: Path | None,
) -> None:
    """Say what a release would change. Changes nothing itself.

    Compares the mapping, the package directory, the org and its records. The plan is kept under its hash, with what a rollback
    needs; `clmkit apply HASH` carries it out as long as neither the package directory nor the org has moved.

    \b
    Examples:
      clmkit plan --org org.json
      clmkit plan --org production --against v1.4.0 --html plan.html

    \b
    Exit codes:
      0  the plan may be applied, or is empty
      1  something has to be done first
      2  the plan could not be made
    """
    sources = Sources(spec, package, decisions, intent, against, state, Load(changes_per_day, rows_per_list))
    made = run_guarded(lambda: _draw(sources, org_file, plans, html), failed=2)
    click.echo(render_json(made) if as_json else render_human(made, _find_width()))
    raise SystemExit(1 if made.is_stale or made.undecided or made.orphans or not made.is_within_limits else 0)


def _find_width() -> int:
    """That of the terminal; what is piped is not folded more than need be."""
    return max(NARROWEST, get_terminal_size().columns) if sys.stdout.isatty() else WIDTH


def _tell_progress(what: str) -> None:
    """To who looks at a terminal; a log needs the result alone."""
    if sys.stderr.isatty():
        click.echo(f"{what} ...", err=True)


async def _draw(sources: Sources, org_file: str, plans: Path, html: Path | None) -> Plan:
    access, intent = read_access(org_file), read_intent(sources)
    async with open_org(access, intent.spec.api_version) as org:
        drawn = await draw_plan(sources, intent, org, _tell_progress, for_people=True)
        if drawn.plan.deploys and not drawn.plan.is_stale:
            _tell_progress("keeping the plan, with what a rollback needs")
            await keep_plan(drawn, org, plans)
    if html is not None:
        write_whole(html, render_html(drawn.plan).encode())
    return drawn.plan
