"""`clmkit sync redrive`: what waits for a person goes back to work, once its cause is gone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from clmkit.cli.output import AS_JSON
from clmkit.cli.sync_options import CONFIG, opened_state
from clmkit.sync.engine import utc_now
from clmkit.sync.redrive import Filter, Redriven, apply_redrive, plan_redrive

MOST_SHOWN = 20


@click.command()
@CONFIG
@AS_JSON
@click.option("--kind", type=click.Choice(["value", "row", "conflict", "unread"]), help="Only this kind.")
@click.option("--reason", help="Only reasons that contain this text.")
@click.option("--object", "mapping", help="Only rows of this object of the spec.")
@click.option("--steward", help="Only what waits for this steward.")
@click.option("--agreement", "agreements", multiple=True, help="Only this agreement; may be given several times.")
@click.option("--again", is_flag=True, help="Also what was redriven five times already.")
@click.option(
    "--apply/--dry-run", "applies", default=False, help="Do it, or only say what would be done.  [default: --dry-run]"
)
def redrive(
    config_path: Path,
    as_json: bool,
    kind: str | None,
    reason: str | None,
    mapping: str | None,
    steward: str | None,
    agreements: tuple[str, ...],
    again: bool,
    applies: bool,
) -> None:
    """Put parked agreements back to work, by filter.

    The next run reads their newest revision, so the order cannot be broken. An event that names no agreement has nothing to read;
    redriven, it is done with. Says what would be done, until --apply is given.

    \b
    Examples:
      clmkit sync redrive --reason "REQUIRED_FIELD_MISSING"
      clmkit sync redrive --steward "Contract desk" --apply

    \b
    Exit codes:
      0  done, or said
      1  something matches and cannot be redriven
      2  the state cannot be read
    """
    with opened_state(config_path) as state:
        plan = plan_redrive(state, Filter(kind, reason, mapping, steward, agreements), again=again)
        if applies:
            apply_redrive(state, plan, utc_now())
    if as_json:
        click.echo(msgspec.json.encode(plan).decode())
    else:
        _print_plan(plan, applies=applies)


def _print_plan(plan: Sequence[Redriven], *, applies: bool) -> None:
    going = sum(not one.why_not for one in plan)
    verb = "go back to work with the next run" if applies else "would go back to work (--apply does it)"
    stays = f", {len(plan) - going} stay" if going < len(plan) else ""
    click.echo(f"{going} agreements {verb}{stays}")
    for one in plan[:MOST_SHOWN]:
        click.echo(f"  {one.words}")
    if len(plan) > MOST_SHOWN:
        click.echo(f"  and {len(plan) - MOST_SHOWN} more")
