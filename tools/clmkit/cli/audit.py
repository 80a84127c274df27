"""`clmkit audit ...`: the chain of what was written, held, allowed and erased.

Exit codes: 0 done; 1 the chain does not hold, or a legal hold refused an erasure; 2 it could not be done.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import msgspec

from clmkit.cli.output import AS_JSON, tell
from clmkit.cli.sync_options import CONFIG, guarded, opened_state
from clmkit.sync.audit import LegalHold, find_break
from clmkit.sync.audit.export import FORMATS
from clmkit.sync.config import load_spec_path
from clmkit.sync.engine import load_linted, utc_now
from clmkit.sync.erasure import StillThere
from clmkit.sync.erasure import erase as erase_data
from clmkit.sync.lineage import LineageError, Step, find_lineage
from clmkit.sync.origin import approve as put_approval
from clmkit.sync.origin import find_commit, ruleset_of

REASON = click.option("--reason", required=True, help="Why: goes into the chain.")


@click.group()
def audit() -> None:
    """Verify, export, keep and erase what the audit chain holds."""


@audit.command()
@CONFIG
@AS_JSON
@click.option(
    "--seal", help="A hash that the chain had before, such as of the last entry that was exported: it has to be there."
)
def verify(config_path: Path, as_json: bool, seal: str | None) -> None:
    """Check the chain; names the first entry that was altered.

    That its newest entries were cut off shows only against a hash that was kept elsewhere: --json tells the newest.

    \b
    Examples:
      clmkit audit verify --json
      clmkit audit verify --seal 6b0d...

    \b
    Exit codes:
      0  every link holds
      1  an entry was altered, or is missing
      2  the state cannot be read
    """
    with opened_state(config_path) as state:
        count, last, is_there = 0, "", seal is None
        for entry in state.read_audit():
            count, last, is_there = count + 1, entry.hash, is_there or entry.hash == seal
        broken = find_break(state.read_audit())
    if broken is None and not is_there:
        broken = f"no entry has the hash {seal}: the chain was cut off before it, or written anew"
    words = f"{count} entries, {'the chain holds' if broken is None else broken}"
    tell(
        {"entries": count, "holds": broken is None, "broken": broken, "seal": last},
        words,
        as_json,
    )
    raise SystemExit(0 if broken is None else 1)


@audit.command()
@CONFIG
@click.option(
    "--format", "name", type=click.Choice(sorted(FORMATS)), default="ocsf", show_default=True, help="Whose lines."
)
@click.option("--after", type=click.IntRange(0), default=0, show_default=True, help="Entries after this number.")
def export(config_path: Path, name: str, after: int) -> None:
    """Print entries for a SIEM, one line each.

    Field names go out, values and their digests do not.

    \b
    Example, each hour:
      clmkit audit export --format cef --after 1200 >> /var/log/clmkit.cef

    \b
    Exit codes:
      0  printed
      2  the state cannot be read
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
    """Print every entry that names KEY, a row or its agreement.

    \b
    Example:
      clmkit audit show AGR-000177

    \b
    Exit codes:
      0  printed
      1  no entry names it
      2  the state cannot be read
    """
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
@AS_JSON
@click.argument("record")
@click.argument("field")
def lineage(config_path: Path, as_json: bool, record: str, field: str) -> None:
    """Say where a value in Salesforce comes from, newest first.

    Event, actor, rule, transform, mapping, approver and the chain's hash. RECORD is a record id or the key of the row, which for a
    contract is its number in the CLM; FIELD is an API name.

    \b
    Examples:
      clmkit audit lineage AGR-000177 CLM_Title__c
      clmkit audit lineage 8005e000000Axyz Status --json

    \b
    Exit codes:
      0  told
      1  nothing is known of it
      2  the state cannot be read
    """
    with opened_state(config_path) as state:
        try:
            found = find_lineage(state, record, field)
        except LineageError as error:
            click.echo(f"clmkit: {error}", err=True)
            raise SystemExit(1) from error
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
        return
    agreed = "what both systems agreed on last" if found.is_current else "no longer what both systems agreed on"
    click.echo(f"{found.object} {found.key} {found.field}, record {found.record_id or 'not linked'}: {agreed}")
    for step in found.steps:
        click.echo(_told(step))


def _told(step: Step) -> str:
    approved = f"approved by {step.approver}" if step.approver else "approved by nobody"
    lines = [f"{step.kind} {step.at}: {step.rule or 'rule not kept'}"]
    for one in step.events:
        who = one.actor or "nobody named"
        lines.append(
            f"event {one.event_id} of {one.source} by {who}, revision {one.revision}, taken in {one.received_at}"
        )
    lines.append(f"CLM {step.clm or '?'} by transform {step.transform or '?'}, owner {step.owner or '?'}")
    lines.append(f"mapping {step.mapping or 'not kept'}{f', commit {step.git}' if step.git else ''}, {approved}")
    lines.append(f"value digest {step.digest}; entry {step.entry}, chain hash {step.hash}")
    return "\n  ".join(lines)


@audit.command()
@CONFIG
@AS_JSON
@click.option("--approver", required=True, help="Who approves: a person and their role.")
@click.option("--ticket", default="", help="Where it was decided.")
def approve(config_path: Path, as_json: bool, approver: str, ticket: str) -> None:
    """Keep in the chain who approves the mapping as it is now.

    `clmkit audit lineage` names them for everything written from the next run on.

    \b
    Example, on the release night:
      clmkit audit approve --approver "Ann Lee, Legal operations" --ticket CHG-4711

    \b
    Exit codes:
      0  kept
      2  the mapping or the state cannot be read
    """
    path = guarded(lambda: load_spec_path(config_path))
    rules = guarded(lambda: ruleset_of(load_linted(path), find_commit(path)))
    with opened_state(config_path) as state:
        put_approval(state, rules, approver, ticket, utc_now())
    facts = {"mapping": rules.label, "approver": approver, "ticket": ticket}
    tell(facts, f"mapping {rules.label} is approved by {approver}", as_json)


@audit.command()
@CONFIG
@AS_JSON
@REASON
@click.argument("key")
def hold(config_path: Path, as_json: bool, reason: str, key: str) -> None:
    """Put a legal hold on what names KEY, until it is released.

    Neither retention nor a request to erase takes it out meanwhile.

    \b
    Example:
      clmkit audit hold AGR-000177 --reason "Smith v. Acme, discovery"

    \b
    Exit codes:
      0  held
      2  the state cannot be written
    """
    with opened_state(config_path) as state, state.transaction():
        state.audit.hold(utc_now(), key, reason)
    tell({"key": key, "held": True, "reason": reason}, f"{key} is held: {reason}", as_json)


@audit.command()
@CONFIG
@AS_JSON
@REASON
@click.argument("key")
def release(config_path: Path, as_json: bool, reason: str, key: str) -> None:
    """End the legal hold on KEY.

    \b
    Example:
      clmkit audit release AGR-000177 --reason "Smith v. Acme, settled"

    \b
    Exit codes:
      0  released
      1  it was not held
      2  the state cannot be written
    """
    with opened_state(config_path) as state, state.transaction():
        released = state.audit.release(utc_now(), key, reason)
    words = f"{key} is no longer held" if released else f"{key} was not held"
    tell({"key": key, "held": False, "was_held": released}, words, as_json)
    raise SystemExit(0 if released else 1)


@audit.command()
@CONFIG
@AS_JSON
def holds(config_path: Path, as_json: bool) -> None:
    """List the legal holds.

    \b
    Example:
      clmkit audit holds --json

    \b
    Exit codes:
      0  listed
      2  the state cannot be read
    """
    with opened_state(config_path) as state:
        found = state.audit.read_holds()
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
        return
    for one in found:
        click.echo(f"{one.key} since {one.since}: {one.reason}")


@audit.command()
@CONFIG
@AS_JSON
@REASON
@click.option("--unlink", is_flag=True, help="Also of what is linked: for what was deleted in both systems.")
@click.argument("keys", nargs=-1, required=True)
def erase(config_path: Path, as_json: bool, reason: str, unlink: bool, keys: tuple[str, ...]) -> None:
    """Take out what names KEYS, on a person's request.

    Audit bodies, dead letters, who acted, and with --unlink what both systems agreed on go, of KEYS and of the rows below them; the
    chain still holds, events stay known, and the state's file is written anew. What still runs between the systems is not touched:
    delete it there first. End the sync meanwhile, so that no round brings it back. Points, traces and exports are files of their
    own: delete those too.

    \b
    Example:
      clmkit audit erase AGR-000177 AGR-000178 --unlink --reason "GDPR request 2026-113"

    \b
    Exit codes:
      0  erased
      1  nothing was erased: a legal hold, or an agreement that still runs
      2  the state cannot be written
    """
    with opened_state(config_path, alone_for="clmkit audit erase") as state:
        try:
            erased = erase_data(state, keys, reason, utc_now(), unlink=unlink)
        except StillThere as there:
            click.echo(f"clmkit: nothing was erased: {there}", err=True)
            raise SystemExit(1) from there
        except LegalHold as held:
            click.echo(f"clmkit: {held}", err=True)
            raise SystemExit(1) from held
    facts = msgspec.to_builtins(erased)
    words = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in facts.items())
    tell(facts, f"erased: {words}", as_json)


@audit.command()
@CONFIG
@AS_JSON
@REASON
@click.option("--days", type=click.IntRange(1), required=True, help="Keep the bodies of so many days.")
def retain(config_path: Path, as_json: bool, reason: str, days: int) -> None:
    """Take out bodies that are older than the retention.

    What a legal hold keeps stays.

    \b
    Example, seven years:
      clmkit audit retain --days 2557 --reason "retention schedule 4.2"

    \b
    Exit codes:
      0  done
      2  the state cannot be written
    """
    since = (datetime.now(tz=UTC) - timedelta(days=days)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    with opened_state(config_path) as state, state.transaction():
        entries = state.audit.retain(utc_now(), since, reason)
    tell({"audit_entries": entries, "before": since}, f"{entries} audit entries from before {since} taken out", as_json)
