"""`clmkit sync cutover`: from an empty Salesforce to a sync that follows, rehearsed before it counts."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import uuid4

import click
import msgspec

from clmkit.cli.output import AS_JSON
from clmkit.cli.sync_options import CONFIG, guarded, read_config
from clmkit.clients.salesforce import Salesforce
from clmkit.operate.cutover import Admin, Cutover, CutoverRefused, CutoverReport
from clmkit.release.org_access import AccessError, OrgAccess, open_org, read_access
from clmkit.sync.config import SyncConfig
from clmkit.sync.engine import open_engine
from clmkit.sync.load import Loader


@click.command()
@CONFIG
@AS_JSON
@click.option("--rehearse", is_flag=True, help="End with the way back, so that Salesforce is as it was before.")
@click.option("--fall-back", is_flag=True, help="Only the way back, after a cutover that shall not count.")
@click.option(
    "--org",
    "org_file",
    metavar="ORG",
    help="The way back: a session that may delete, by alias of the sf CLI or in a file.",
)
@click.option(
    "--before",
    default="build/cutover-before.jsonl",
    show_default=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where what Salesforce held before is kept, with its values.",
)
def cutover(
    config_path: Path, as_json: bool, rehearse: bool, fall_back: bool, org_file: str | None, before: Path
) -> None:
    """Freeze, backfill, compare both systems, switch.

    Each step is timed and done once, whatever ends the process in between.

    \b
    Examples: rehearse in a sandbox, then do it, and take it back should it not count:
      clmkit sync cutover --rehearse --org sandbox.json
      clmkit sync cutover
      clmkit sync cutover --fall-back --org production.json

    \b
    Exit codes:
      0  done
      1  a step refused to go on, nothing after it was done
      2  it could not be done
    """
    config = read_config(config_path)
    try:
        access = read_access(org_file) if org_file else None
    except AccessError as error:
        click.echo(f"clmkit: {error}", err=True)
        raise SystemExit(2) from error
    try:
        report = guarded(lambda: asyncio.run(_cutover(config, access, before, rehearse, fall_back)))
    except CutoverRefused as refused:
        click.echo(f"clmkit: {refused}", err=True)
        raise SystemExit(1) from refused
    if as_json:
        click.echo(msgspec.json.encode(report).decode())
        return
    for step in report.steps:
        facts = ", ".join(f"{count} {name}" for name, count in step.facts.items())
        click.echo(f"{step.name:<10}{step.seconds:>9.1f} s  {facts}")
    click.echo(f"{'in all':<10}{report.seconds:>9.1f} s")


async def _cutover(
    config: SyncConfig, access: OrgAccess | None, before: Path, rehearses: bool, falls_back: bool
) -> CutoverReport:
    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(open_engine(config, "clmkit sync cutover", is_alone=True))
        if not isinstance(engine.org, Salesforce):
            raise TypeError("only a real org is cut over to")
        admin: Admin | None = None
        if access is not None:
            admin = (await stack.enter_async_context(open_org(access, engine.spec.api_version))).records
        loader = Loader(engine.state, engine.org, engine.now, time.time, uuid4().hex)
        place = (engine.org, admin, before, rehearses, falls_back)
        return await Cutover(engine, loader, *place, tell=lambda line: click.echo(line, err=True)).run()
