"""`clmkit sync reconcile`: what is wrong in Salesforce, found by the hash tree, as cases of their stewards."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

import click
import msgspec

from clmkit.cli.output import AS_JSON
from clmkit.cli.sync_options import CONFIG, guarded, read_config
from clmkit.clients.salesforce import Salesforce
from clmkit.sync.config import SyncConfig
from clmkit.sync.engine import open_systems
from clmkit.sync.sole import find_worker
from clmkit.sync.sweep import MOST_LISTED, Sweep, SweepReport, open_cases

SHOWN = 50


@click.command()
@CONFIG
@AS_JSON
@click.option(
    "--open-cases",
    "opens",
    is_flag=True,
    help="Make each finding a case of its steward; what the sync can mend goes back to work with its next run.",
)
def reconcile(config_path: Path, as_json: bool, opens: bool) -> None:
    """Find wrong rows in Salesforce by reading only what changed.

    Wrong, stale, missing, orphans or duplicates. A hash tree over the rows remembers what was found equal; a range of which
    Salesforce says that nobody wrote it since is not read. The first time all rows are read by one Bulk API 2.0 query. `clmkit
    reconcile` compares every value of both systems. Reads only, unless --open-cases is given; a sync may run meanwhile.

    \b
    Examples: find, open the cases, mend, look again:
      clmkit sync reconcile
      clmkit sync reconcile --open-cases
      clmkit sync run
      clmkit sync reconcile --json

    \b
    Exit codes:
      0  nothing is wrong
      1  something is
      2  it could not be done
    """
    config = read_config(config_path)
    report, mended = guarded(lambda: asyncio.run(_reconcile(config, opens)))
    if as_json:
        click.echo(msgspec.json.encode(report).decode())
    else:
        _print_report(report)
        if opens:
            click.echo(f"{len(report.findings)} cases opened; {mended} agreements go back to work with the next run")
    raise SystemExit(0 if report.is_clean else 1)


async def _reconcile(config: SyncConfig, opens: bool) -> tuple[SweepReport, int]:
    async with open_systems(config) as engine:
        if not isinstance(engine.org, Salesforce):
            raise TypeError("only a real org is swept")
        find = partial(find_worker, config.state, engine.state, engine.worker)
        report = await Sweep(engine.spec, engine.state, engine.org, engine.now, lambda: bool(find())).run()
        return report, open_cases(engine.state, report, engine.now()) if opens and report.findings else 0


def _print_report(report: SweepReport) -> None:
    for name, swept in report.objects.items():
        root = f"hash {swept.root[:16]}" if swept.root else "not equal"
        click.echo(f"{name}: {swept.rows} rows in {swept.leaves} leaves, {swept.leaves_read} read, {root}")
    for one in report.findings[:SHOWN]:
        fields = f" ({', '.join(one.fields)})" if one.fields else ""
        click.echo(f"{one.kind}: {one.object} {one.key} {one.record_id}{fields}, {one.steward}")
    if len(report.findings) > SHOWN:
        more = f"{MOST_LISTED} and more" if len(report.findings) == MOST_LISTED else str(len(report.findings))
        click.echo(f"... {more} findings; --json lists them")
    if report.undecided:
        click.echo(
            f"{report.undecided} rows cannot be judged: the sync is at work on them. Look again when it has settled them."
        )
    if report.waiting:
        click.echo(f"{report.waiting} changes were taken in and not settled; what they will write is not judged")
