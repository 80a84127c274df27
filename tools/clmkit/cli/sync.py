"""`clmkit sync ...`.

Exit codes: 0 done, nothing waits; 1 done, and something waits for a person or differs; 2 it could not be done. `sync run --follow`
ends with 0 when it is told to end: what waits is in `sync dead-letters`.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click
import msgspec
from rich.console import Console
from rich.table import Table

from clmkit.cli.output import AS_JSON, NO_ROOM, tell, warn
from clmkit.cli.sync_backfill import backfill
from clmkit.cli.sync_cutover import cutover
from clmkit.cli.sync_latency import latency
from clmkit.cli.sync_options import CONFIG, guarded, opened_state, read_config
from clmkit.cli.sync_reconcile import reconcile
from clmkit.cli.sync_redrive import redrive
from clmkit.cli.sync_replay import replay_command
from clmkit.cli.sync_rollback import keep, rollback
from clmkit.operate.alerts import Alert, find_alerts
from clmkit.operate.metrics import Metrics
from clmkit.operate.monitor import Monitor, watched
from clmkit.operate.pulse import Pulse
from clmkit.secrets import SecretUnavailable
from clmkit.secrets.freshness import kept_fresh
from clmkit.sync.config import ConfigError, SyncConfig
from clmkit.sync.door_keys import called_by_the_clm
from clmkit.sync.doorbell import follow
from clmkit.sync.engine import HOLD, PAUSE, Engine, open_engine, open_listening, utc_now
from clmkit.sync.lineage import read_events
from clmkit.sync.lockout import Door, find_lockouts, keeper
from clmkit.sync.outage import Place, end_outage, find_outages
from clmkit.sync.report import Mark, RunReport
from clmkit.sync.schedule import pace_of
from clmkit.sync.shipping import Way
from clmkit.sync.state import Parked

if TYPE_CHECKING:
    from clmkit.operate.traces import Traces

T = TypeVar("T")
KINDS = ("value", "row", "conflict", "gone", "unread")
"""What waits for a person."""


@click.group()
def sync() -> None:
    """Keep the CLM and Salesforce the same."""


sync.add_command(backfill)
sync.add_command(redrive)
sync.add_command(cutover)
sync.add_command(latency)
sync.add_command(reconcile)
sync.add_command(replay_command)
sync.add_command(keep)
sync.add_command(rollback)


@sync.command()
@CONFIG
@AS_JSON
@click.option("--once/--follow", default=True, help="Until both systems are quiet, or on and on.  [default: --once]")
@click.option(
    "--interval",
    default=10.0,
    show_default=True,
    type=click.FloatRange(0.2),
    help="--follow: seconds between looks at both systems; webhooks ring in between.",
)
@click.option("--explain", "explains", is_flag=True, help="Say which way rows went to Salesforce and why.")
@click.option(
    "--way",
    "way_name",
    type=click.Choice([way.value for way in Way]),
    help="Take this way.  [default: the fewest calls]",
)
@click.option("--allow", is_flag=True, help="This once, change as many rows as there are to change: what a guard held.")
def run(
    config_path: Path, as_json: bool, once: bool, interval: float, explains: bool, way_name: str | None, allow: bool
) -> None:
    """Take changes from both systems, decide, write both.

    \b
    Examples:
      clmkit sync run
      clmkit sync run --follow --interval 5

    \b
    The configuration file:
      spec: mappings/contract.yml
      state: build/sync.sqlite
      clm: {url: https://clm.example.com, client_id: clmkit, client_secret: {env: CLM_CLIENT_SECRET}}
      salesforce:
        url: https://example.my.salesforce.com
        client_id: {env: SF_CLIENT_ID}
        client_secret: {env: SF_CLIENT_SECRET}

    A secret is {env: NAME}, {file: PATH}, {file: PATH, member: NAME}, {keyring: SERVICE, user: NAME} or
    {vault: MOUNT/PATH, member: KEY}.

    \b
    Exit codes:
      0  done, nothing waits; with --follow, ended as told
      1  done, and something waits for a person
      2  it could not be done
    """
    config = read_config(config_path)
    report = guarded(lambda: asyncio.run(_run(config, once, interval, as_json, way_name, allow=allow)))
    if explains and not as_json:
        click.echo("\n".join(report.explained) or "nothing was written")
    raise SystemExit(2 if report.stopped else 0 if report.is_clean or not once else 1)


async def _run(
    config: SyncConfig, once: bool, interval: float, as_json: bool, way_name: str | None, *, allow: bool
) -> RunReport:
    stopped, bell = asyncio.Event(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(open_engine(config, f"clmkit sync run{'' if once else ' --follow'}"))
        traces = stack.enter_context(_traced(config, engine))
        engine.allow, engine.way = allow, Way(way_name) if way_name else None
        if once:
            report = await engine.run(stopped.is_set)
            if not report.stopped:
                end_outage(engine.state, Place.RUN)
            traces.note(engine.tally.marks)
            _print_run(report, as_json)
            return report
        if config.keeps_promises:
            engine.pace = pace_of(engine.spec)
        if config.events is not None:
            engine.listening = open_listening(engine, config, config.events, bell.set)
            await stack.enter_async_context(engine.listening.open())
        news = _News(as_json)
        monitor = await stack.enter_async_context(_watched(engine, config, interval))
        if config.webhook is not None:
            calls = called_by_the_clm(config, config.webhook, engine, interval, bell.set, traces.announce, warn)
            await stack.enter_async_context(calls)
        await stack.enter_async_context(_vault_token_kept(config, engine))

        def tell(report: RunReport) -> None:
            monitor.note(report)
            traces.note(engine.tally.marks)
            news.print(report)

        return await follow(engine, bell, stopped, interval, tell)


class _Untraced:
    """Where the configuration asks for no traces."""

    def announce(self, headers: Mapping[str, str]) -> None: ...

    def note(self, marks: Iterable[Mark]) -> None: ...


@contextmanager
def _traced(config: SyncConfig, engine: Engine) -> Iterator[Traces | _Untraced]:
    """The traces of the engine's runs; their library is loaded only where the configuration asks for them."""
    if config.traces is None:
        yield _Untraced()
        return
    try:
        from clmkit.operate.traces import open_traces
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"traces need a library that is not installed: pip install 'clmkit[traces]' ({error})"
        ) from error
    hooks = config.connector.webhooks
    is_announced = config.webhook is not None and hooks is not None and hooks.signature == "standard"
    traces = open_traces(config.traces, partial(read_events, engine.state), is_announced=is_announced)
    try:
        yield traces
    finally:
        traces.close()


@asynccontextmanager
async def _watched(engine: Engine, config: SyncConfig, interval: float) -> AsyncIterator[Monitor]:
    """A monitor of the engine; it is served where the configuration says so."""
    read_parked = engine.state.read_parked
    state = engine.state
    monitor = Monitor(
        Pulse(interval, engine.clock()),
        Metrics(read_parked),
        read_parked,
        engine.clock,
        lambda: (find_outages(state), find_lockouts(state)),
    )
    async with AsyncExitStack() as stack:
        if config.monitor is not None:
            await stack.enter_async_context(watched(monitor, config.monitor.host, config.monitor.port))
        yield monitor


@asynccontextmanager
async def _vault_token_kept(config: SyncConfig, engine: Engine) -> AsyncIterator[None]:
    """The token that opens Vault is renewed inside the block, where the configuration needs it."""
    renew = config.renew_vault_token
    if renew is None:
        yield
        return
    note = keeper(engine.state, Door.VAULT_TOKEN, engine.now)
    async with kept_fresh(partial(asyncio.to_thread, renew), (SecretUnavailable,), warn, note=note):
        yield


class _News:
    """Prints a run that did something; one that stopped for the same reason as the one before it is no news.

    Where the output finds no room the sync goes on.
    """

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json
        self._stopped = ""
        self._is_mute = False

    def print(self, report: RunReport) -> None:
        if report.events or report.stopped != self._stopped:
            self._try_print(report)
        self._stopped = report.stopped

    def _try_print(self, report: RunReport) -> None:
        try:
            _print_run(report, self._as_json)
            self._is_mute = False
        except OSError as error:
            if error.errno not in NO_ROOM:
                raise
            if not self._is_mute:
                warn(f"The output finds no room: {error.strerror}. The sync goes on; `clmkit sync status` tells of it.")
            self._is_mute = True


@sync.command()
@CONFIG
@AS_JSON
def status(config_path: Path, as_json: bool) -> None:
    """Show what was synchronised, and what waits for whom or what.

    \b
    Example:
      clmkit sync status --json

    \b
    Exit codes:
      0  shown
      2  the state cannot be read
    """
    with opened_state(config_path) as state:
        facts: dict[str, dict[str, int]] = {
            "events": state.inbox.count_outcomes(),
            "linked rows": state.count_links(),
            "parked": {kind: len(state.read_parked(kind=kind)) for kind in KINDS},
        }
        stopped = state.get_cursor(PAUSE) or state.get_cursor(HOLD)
        scheduled, outages = state.schedule.read_waiting(), find_outages(state)
    if as_json:
        told = {**facts, "scheduled": scheduled, "stopped": stopped, "outages": outages}
        click.echo(msgspec.json.encode(told).decode())
        return
    for title, counts in facts.items():
        click.echo(f"{title}: " + (", ".join(f"{count} {name}" for name, count in counts.items()) or "none"))
    for one in scheduled:
        click.echo(f"scheduled: {one.words}")
    for outage in outages:
        click.echo(outage.words)
    if stopped:
        click.echo(stopped)


@sync.command("dead-letters")
@CONFIG
@AS_JSON
@click.option("--kind", type=click.Choice(KINDS), help="Only this kind.")
@click.option("--reason", help="Only reasons that contain this text.")
def dead_letters(config_path: Path, as_json: bool, kind: str | None, reason: str | None) -> None:
    """List what waits for a person: value, reason, steward, age.

    \b
    Example:
      clmkit sync dead-letters --kind value --reason "two answers"

    \b
    Exit codes:
      0  nothing waits
      1  something waits
      2  the state cannot be read
    """
    with opened_state(config_path) as state:
        rows = state.read_parked(kind=kind, code=reason)
    if as_json:
        click.echo(msgspec.json.encode(rows).decode())
    else:
        _print_parked(rows)
    raise SystemExit(1 if rows else 0)


@sync.command()
@CONFIG
@AS_JSON
@click.option("--reason", required=True, help="Why: shown by `status` and kept in the audit chain.")
def pause(config_path: Path, as_json: bool, reason: str) -> None:
    """Let the sync rest after its current round.

    What changes meanwhile waits in both systems and is taken up on `resume`.

    \b
    Example:
      clmkit sync pause --reason "release night, CHG-4711"

    \b
    Exit codes:
      0  paused
      2  the state cannot be written
    """
    with opened_state(config_path) as state:
        state.pause(utc_now(), reason)
    tell({"paused": True, "reason": reason}, f"paused: {reason}", as_json)


@sync.command()
@CONFIG
@AS_JSON
def resume(config_path: Path, as_json: bool) -> None:
    """Let a paused sync go on.

    \b
    Example:
      clmkit sync resume

    \b
    Exit codes:
      0  it goes on
      1  it was not paused
      2  the state cannot be written
    """
    with opened_state(config_path) as state:
        was_paused = state.resume(utc_now())
    words = "the sync goes on" if was_paused else "the sync was not paused"
    tell({"paused": False, "was_paused": was_paused}, words, as_json)
    raise SystemExit(0 if was_paused else 1)


@sync.command()
@CONFIG
@AS_JSON
def alerts(config_path: Path, as_json: bool) -> None:
    """Say what a person has to do, once for each cause.

    Who, since when, how many, and the command that goes on.

    \b
    Example:
      clmkit sync alerts --json

    \b
    Exit codes:
      0  nothing needs a person
      1  something does
      2  the state cannot be read
    """
    with opened_state(config_path) as state:
        found = find_alerts(state.read_parked(), outages=find_outages(state), lockouts=find_lockouts(state))
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
    else:
        _print_alerts(found)
    raise SystemExit(1 if found else 0)


def _print_run(report: RunReport, as_json: bool) -> None:
    if as_json:
        click.echo(msgspec.json.encode(report).decode())
        return
    created, updated = sum(report.rows_created.values()), sum(report.rows_updated.values())
    click.echo(
        f"{report.events} events: {report.pushed} pushed, {report.unchanged} unchanged ({report.echoes} our own),"
        f" {report.conflicts} conflicts, {report.parked} parked, {report.waiting} waiting"
    )
    click.echo(
        f"{created} rows created, {updated} updated, {report.patches} agreements patched in {report.seconds:.1f} s"
    )
    calls = ", ".join(f"{count} {kind}" for kind, count in sorted(report.api_calls_by_kind.items()))
    click.echo(
        f"calls: {calls or 'none'}"
        + (f"; org usage {report.api_usage}" if report.api_usage else "")
        + (f"; {report.api_forecast}" if report.api_forecast else "")
    )
    if report.stopped:
        click.echo(f"clmkit: stopped: {report.stopped} What was not settled waits for the next run.", err=True)


def _print_parked(rows: list[Parked]) -> None:
    table = Table("waits", "row", "field", "value", "reason", "steward", "since")
    for row in rows:
        table.add_row(
            row.kind, f"{row.object} {row.key}", row.field, row.value, row.reason, row.steward, row.since[:19]
        )
    Console().print(table if rows else "Nothing waits.")


def _print_alerts(alerts: list[Alert]) -> None:
    if not alerts:
        click.echo("Nothing needs a person.")
    for one in alerts:
        rows = (
            "" if not one.examples else f", {one.count} rows since {one.since[:19]}, such as {', '.join(one.examples)}"
        )
        click.echo(f"{one.severity}: {one.cause}\n  {one.owner}{rows}\n  then: {one.fix}")
