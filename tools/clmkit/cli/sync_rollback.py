"""`clmkit sync keep` and `clmkit sync rollback`: a point before a release, and the way back to it with the data."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TypeVar

import click
import msgspec
from rich.console import Console
from rich.table import Table

from clmkit.cli.output import AS_JSON, tell
from clmkit.cli.sync_options import CONFIG, guarded, read_config
from clmkit.operate.point import End, PointError, keep_point
from clmkit.operate.rollback import Rollback, RollbackRefused, RollbackReport, Writer
from clmkit.release.org_access import AccessError, OrgAccess, open_org, read_access
from clmkit.sync.config import SyncConfig
from clmkit.sync.engine import Engine, open_alone

T = TypeVar("T")
POINT = click.argument("point", type=click.Path(dir_okay=False, path_type=Path))


@click.command()
@CONFIG
@AS_JSON
@POINT
def keep(config_path: Path, as_json: bool, point: Path) -> None:
    """Keep a point that a release can be taken back to.

    POINT is the file that is written: the values of every linked row and agreement. Only its owner may read it. End the sync first.

    \b
    Example:
      clmkit sync keep build/points/before-1.4.jsonl

    \b
    Exit codes:
      0  kept
      2  it could not be done
    """
    config = read_config(config_path)

    async def work(engine: Engine) -> End:
        return await keep_point(engine, point)

    end = guarded(lambda: asyncio.run(_at_rest(config, "clmkit sync keep", work)))
    told = {"point": point.as_posix(), "rows": end.rows, "agreements": end.agreements}
    tell(told, f"{point}: {end.rows:,} rows and {end.agreements:,} agreements kept", as_json)


@click.command()
@CONFIG
@AS_JSON
@click.option(
    "--apply/--dry-run", "applies", default=False, help="Put values back, or only say which.  [default: --dry-run]"
)
@click.option(
    "--org",
    "org_file",
    metavar="ORG",
    help="Write Salesforce as somebody who may edit people's own fields: an alias of the sf CLI, or a file as `plan` takes.",
)
@POINT
def rollback(config_path: Path, as_json: bool, applies: bool, org_file: str | None, point: Path) -> None:
    """Take the data of a release back, on both sides.

    Put the mapping of before back first, and its metadata with `clmkit apply --rollback`. Of the fields that the release decided
    otherwise, what the sync wrote since is put back; what people edited since stays and is listed. The proof is written beside the
    point. Killed, run it again: it goes on, and the sync rests until it is done.

    \b
    Examples:
      clmkit sync rollback build/points/before-1.4.jsonl
      clmkit sync rollback build/points/before-1.4.jsonl --apply

    \b
    Exit codes:
      0  taken back and proven, or it could be
      1  something stays for a person, or it was refused
      2  it could not be done
    """
    config = read_config(config_path)
    try:
        access = read_access(org_file) if org_file else None
        report = guarded(lambda: asyncio.run(_roll_back(config, point, applies, access)))
    except AccessError as error:
        click.echo(f"clmkit: {error}", err=True)
        raise SystemExit(2) from error
    except (PointError, RollbackRefused) as refused:
        click.echo(f"refused: {refused}", err=True)
        raise SystemExit(1) from refused
    if as_json:
        click.echo(msgspec.json.encode(report).decode())
    else:
        _print(report, point)
    raise SystemExit(0 if report.is_clean else 1)


async def _roll_back(config: SyncConfig, point: Path, applies: bool, access: OrgAccess | None) -> RollbackReport:
    async with AsyncExitStack() as stack:

        async def work(engine: Engine) -> RollbackReport:
            writer: Writer | None = None
            if access is not None:
                writer = (await stack.enter_async_context(open_org(access, engine.spec.api_version))).records
            return await Rollback(engine, point, point.with_suffix(".proof.jsonl"), applies, writer).run()

        return await _at_rest(config, "clmkit sync rollback", work)


async def _at_rest(config: SyncConfig, name: str, work: Callable[[Engine], Awaitable[T]]) -> T:
    """Work with both systems while no sync does. Raises StateError while one does."""
    async with open_alone(config, name) as engine:
        return await work(engine)


def _print(report: RollbackReport, point: Path) -> None:
    table = Table("side", "field", "what becomes of it", "values")
    for one in report.counts:
        table.add_row(one.side, one.field, one.verdict, f"{one.values:,}")
    Console().print(table if report.counts else "The release decided no field otherwise.")
    click.echo(f"to the mapping {report.mapping}; {report.made:,} rows came since, it decides them anew")
    for agreement in report.unknown:
        click.echo(f"{agreement} came since and was given values by the release: look at it in the CLM")
    if report.applied:
        proof = point.with_suffix(".proof.jsonl")
        click.echo(f"{report.proven:,} values read again as before, {report.wrong:,} not; proof in {proof}")
    else:
        click.echo("nothing was written (--apply does it)")
