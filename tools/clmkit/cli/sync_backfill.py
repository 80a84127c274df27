"""`clmkit sync backfill`: the first load of a CLM that has been used for years."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from uuid import uuid4

import click
import msgspec

from clmkit.cli.output import AS_JSON
from clmkit.cli.sync_options import CONFIG, guarded, read_config
from clmkit.clients.salesforce import Salesforce
from clmkit.sync.backfill import BATCH, Backfill, BackfillReport
from clmkit.sync.config import SyncConfig
from clmkit.sync.engine import open_engine
from clmkit.sync.load import Loader


@click.command()
@CONFIG
@AS_JSON
@click.option(
    "--batch",
    default=BATCH,
    show_default=True,
    type=click.IntRange(1, 100_000),
    help="Agreements sent together: one Bulk API 2.0 job for each object.",
)
def backfill(config_path: Path, as_json: bool, batch: int) -> None:
    """Load every agreement by Bulk API 2.0, parents first.

    Then the sync goes on: it is paused meanwhile, and its next run finds nothing to do. Killed at any moment, the same command
    goes on where it was. What Salesforce refuses is in `clmkit sync dead-letters`; agreements whose contract Salesforce has
    already are decided by the sync's rules at the end.

    \b
    Examples:
      clmkit sync backfill
      clmkit sync backfill --batch 10000 --json

    \b
    Exit codes:
      0  everything is loaded
      1  something waits for a person
      2  it could not be done
    """
    config = read_config(config_path)
    report = guarded(lambda: asyncio.run(run_backfill(config, batch)))
    if as_json:
        click.echo(msgspec.json.encode(report).decode())
    else:
        _print_report(report)
    raise SystemExit(2 if report.rounds.stopped else 0 if report.is_clean else 1)


async def run_backfill(config: SyncConfig, batch: int) -> BackfillReport:
    async with open_engine(config, "clmkit sync backfill", is_alone=True) as engine:
        if not isinstance(engine.org, Salesforce):
            raise TypeError("only a real org takes bulk jobs")
        loader = Loader(engine.state, engine.org, engine.now, time.time, uuid4().hex)
        return await Backfill(engine, loader, lambda line: click.echo(line, err=True), batch).run()


def _print_report(report: BackfillReport) -> None:
    rows = ", ".join(f"{count} {name}" for name, count in report.rows.items())
    click.echo(
        f"{report.agreements} agreements: {report.loaded} loaded, {report.left} left to the rounds, {report.waiting} wait"
    )
    click.echo(f"{report.jobs} bulk jobs: {rows or 'no rows'}; {report.refused} rows refused")
    written = sum(report.rounds.rows_created.values()) + sum(report.rounds.rows_updated.values())
    click.echo(f"the rounds wrote {written} rows and patched {report.rounds.patches} agreements")
    if report.rounds.stopped:
        click.echo(f"clmkit: stopped: {report.rounds.stopped}", err=True)
