"""`clmkit sync replay`: what an agreement's values were at an instant, and what its events since would do now."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click
import msgspec

from clmkit.cli.output import AS_JSON
from clmkit.cli.sync_options import CONFIG, guarded, read_config
from clmkit.sync.config import SyncConfig
from clmkit.sync.engine import open_systems
from clmkit.sync.replay import UNKNOWN, PastValue, ReplayPlan, apply_replay, recall, replay, to_instant


class Instant(click.ParamType[str]):
    name = "INSTANT"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return to_instant(value)
        except ValueError:
            self.fail(
                f"{value!r} is no instant; write it like 2026-11-22T14:30 or 2026-11-22T14:30:00+01:00", param, ctx
            )


@click.command("replay")
@CONFIG
@AS_JSON
@click.option("--at", type=Instant(), help="Tell every value of the agreement in Salesforce as it was then; UTC.")
@click.option("--since", type=Instant(), help="Decide the agreement's events since then anew; UTC.")
@click.option(
    "--apply/--dry-run",
    "applies",
    default=False,
    help="--since: put it back to work, or only say what would be written.  [default: --dry-run]",
)
@click.argument("agreement")
def replay_command(
    config_path: Path, as_json: bool, at: str | None, since: str | None, applies: bool, agreement: str
) -> None:
    """Tell what an agreement was at an instant, or decide it anew.

    A value of the past comes from the CLM's change feed and is proven by the digest in the audit chain.

    \b
    Examples:
      clmkit sync replay AGR-000177 --at 2026-11-22T14:30
      clmkit sync replay AGR-000177 --since 2026-11-22
      clmkit sync replay AGR-000177 --since 2026-11-22 --apply

    \b
    Exit codes:
      0  told, and nothing would wait
      1  a value is no longer known, or something would wait for a person
      2  it could not be done
    """
    if (at is None) == (since is None):
        raise click.UsageError("Give either --at or --since.")
    config = read_config(config_path)
    if at is not None:
        values = guarded(lambda: asyncio.run(_recall(config, agreement, at)))
        click.echo(msgspec.json.encode(values).decode() if as_json else _told(values, agreement))
        raise SystemExit(0 if values and all(one.is_known for one in values) else 1)
    plan = guarded(lambda: asyncio.run(_replay(config, agreement, since or "", applies)))
    click.echo(msgspec.json.encode(plan).decode() if as_json else _planned(plan, applies))
    raise SystemExit(1 if plan.parked else 0)


async def _recall(config: SyncConfig, agreement: str, at: str) -> list[PastValue]:
    async with open_systems(config) as engine:
        return await recall(engine.state, engine.spec, engine.clm, agreement, at)


async def _replay(config: SyncConfig, agreement: str, since: str, applies: bool) -> ReplayPlan:
    async with open_systems(config) as engine:
        plan = await replay(engine, agreement, since)
        if applies:
            apply_replay(engine, agreement)
        return plan


def _told(values: list[PastValue], agreement: str) -> str:
    lines = []
    for one in values:
        shown = ("empty" if one.value is None else one.value) if one.is_known else f"{UNKNOWN} (digest {one.digest})"
        events = ", ".join(event.event_id for event in one.events)
        cause = f"; event {events}" if events else ""
        lines.append(
            f"{one.object} {one.key} {one.field}: {shown}\n  since {one.since}: {one.rule or 'rule not kept'}{cause}"
        )
    return "\n".join(lines) or f"Nothing of {agreement} had been written by then."


def _planned(plan: ReplayPlan, applies: bool) -> str:
    lines = [f"event {one.event.event_id}: was {one.outcome}; now {one.now}" for one in plan.events]
    verb = "goes back to work with the next run" if applies else "would go back to work (--apply does it)"
    lines.append(f"the agreement {verb}; as both systems are now that writes {len(plan.writes)} values")
    lines += [f"  {one.object} {one.key} {one.field} to {one.to}: {one.rule}" for one in plan.writes]
    lines += [f"  waits: {reason}" for reason in plan.parked]
    return "\n".join(lines)
