"""`clmkit audit ...`: the chain of what was written, held, allowed and erased.

Exit codes: 0 done; 1 the chain does not hold, or a legal hold refused an erasure; 2 it could not be done.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import msgspec

from clmkit.cli.sync_options import AS_JSON, CONFIG, opened_state
from clmkit.sync.audit import LegalHold, find_break
from clmkit.sync.audit.export import FORMATS
from clmkit.sync.engine import utc_now

REASON = click.option("--reason", required=True, help="Why: goes into the chain.")


@click.group()
def audit() -> None:
    """Verify, export, keep and erase what the audit chain holds."""


@audit.command()
@CONFIG
@AS_JSON
def verify(config_path: Path, as_json: bool) -> None:
    """Check every link of the chain; names the first entry that was altered."""
    with opened_state(config_path) as state:
        count = sum(1 for _ in state.read_audit())
        broken = find_break(state.read_audit())
    if as_json:
        click.echo(msgspec.json.encode({"entries": count, "holds": broken is None, "broken": broken}).decode())
    else:
        click.echo(f"{count} entries, {'the chain holds' if broken is None else broken}")
    raise SystemExit(0 if broken is None else 1)


@audit.command()
@CONFIG
@click.option(
    "--format", "name", type=click.Choice(sorted(FORMATS)), default="ocsf", show_default=True, help="Whose lines."
)
@click.option("--after", type=click.IntRange(0), default=0, show_default=True, help="Entries after this number.")
def export(config_path: Path, name: str, after: int) -> None:
    """Print entries for a SIEM, one line each. Field names go out, values and their digests do not.

    \b
    Example, each hour:
      clmkit audit export --format cef --after 1200 >> /var/log/clmkit.cef
    """
    with opened_state(config_path) as state:
        for entry in state.read_audit():
            if entry.sequence > after:
                click.echo(FORMATS[name](entry))


@audit.command()
@CONFIG
@AS_JSON
@click.argument("key")
def show(config_path: Path, as_json: bool, key: str) -> None:
    """Print every entry that names KEY: the key of a row or of its agreement."""
    with opened_state(config_path) as state:
        entries = state.audit.read_about(key)
    for entry in entries:
        facts = msgspec.json.encode(entry.facts).decode()
        click.echo(
            msgspec.json.encode(entry).decode() if as_json else f"{entry.sequence} {entry.at} {entry.kind} {facts}"
        )
    raise SystemExit(0 if entries else 1)


@audit.command()
@CONFIG
@REASON
@click.argument("key")
def hold(config_path: Path, reason: str, key: str) -> None:
    """Keep what names KEY, whatever retention or a request say, until it is released."""
    with opened_state(config_path) as state, state.transaction():
        state.audit.hold(utc_now(), key, reason)
    click.echo(f"{key} is held: {reason}")


@audit.command()
@CONFIG
@REASON
@click.argument("key")
def release(config_path: Path, reason: str, key: str) -> None:
    """End the legal hold on KEY."""
    with opened_state(config_path) as state, state.transaction():
        released = state.audit.release(utc_now(), key, reason)
    click.echo(f"{key} is no longer held" if released else f"{key} was not held")
    raise SystemExit(0 if released else 1)


@audit.command()
@CONFIG
@AS_JSON
def holds(config_path: Path, as_json: bool) -> None:
    """List the legal holds."""
    with opened_state(config_path) as state:
        found = state.audit.read_holds()
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
        return
    for one in found:
        click.echo(f"{one.key} since {one.since}: {one.reason}")


@audit.command()
@CONFIG
@REASON
@click.argument("keys", nargs=-1, required=True)
def erase(config_path: Path, reason: str, keys: tuple[str, ...]) -> None:
    """Take out what names KEYS, on a person's request: audit bodies and parked values. The chain still holds.

    What still runs between the systems is not touched: delete it in the CLM first, and let the sync carry that out.
    """
    with opened_state(config_path) as state:
        linked = state.find_linked(keys)
        if linked:
            names = ", ".join(linked)
            click.echo(
                f"clmkit: nothing was erased: {names} still runs between the systems; delete it there first.", err=True
            )
            raise SystemExit(1)
        try:
            with state.transaction():
                entries = state.audit.erase(utc_now(), keys, reason)
                values = state.forget_parked(keys)
        except LegalHold as held:
            click.echo(f"clmkit: {held}", err=True)
            raise SystemExit(1) from held
    click.echo(f"{entries} audit entries and {values} parked values erased")


@audit.command()
@CONFIG
@REASON
@click.option("--days", type=click.IntRange(1), required=True, help="Keep the bodies of so many days.")
def retain(config_path: Path, reason: str, days: int) -> None:
    """Take out bodies that are older than the retention, except what a legal hold keeps."""
    since = (datetime.now(tz=UTC) - timedelta(days=days)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    with opened_state(config_path) as state, state.transaction():
        entries = state.audit.retain(utc_now(), since, reason)
    click.echo(f"{entries} audit entries from before {since} taken out")
