"""`clmkit rekey`: give every pair of the two systems the key that the mapping now names, and prove that none is lost."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path

import click

from clmkit.cli.compare import require_revision
from clmkit.cli.output import AS_JSON, tell
from clmkit.cli.sync_options import CONFIG, guarded, read_config
from clmkit.release.rekey import Intent, Proof, RekeyRefused, Systems, plan_rekey, rekey
from clmkit.sync.engine import open_alone, utc_now


@click.command("rekey")
@CONFIG
@click.option("--against", required=True, metavar="REF", help="Git ref or file of the mapping that the sync ran with.")
@click.option(
    "--proof",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("build/rekey"),
    show_default=True,
    help="Where the proof is written, a file for each object.",
)
@click.option("--dry-run", is_flag=True, help="Look at every pair in both systems, and write nothing.")
@AS_JSON
def rekey_command(config_path: Path, against: str, folder: Path, dry_run: bool, as_json: bool) -> None:
    """Give every linked record the key that the mapping now names.

    Written by record id, read back, proved row by row. Comes after the apply that deployed the new key's field, and before the
    sync runs with the new mapping, which refuses to until then. Run again after an interruption it goes on where it stopped.

    \b
    Examples:
      clmkit rekey --against v1.4.0 --dry-run
      clmkit rekey --against v1.4.0

    \b
    Exit codes:
      0  every pair has its new key, or could be given it
      1  refused, nothing lost
      2  it could not be done
    """
    config = read_config(config_path)
    before = require_revision(against, config.spec).spec

    async def work() -> list[Proof] | list[Intent]:
        async with open_alone(config, "clmkit rekey") as engine:
            systems = Systems(engine.org, engine.clm, engine.state)
            if dry_run:
                return await plan_rekey(before, engine.spec, systems)
            return await rekey(before, engine.spec, systems, folder, utc_now())

    try:
        done = guarded(lambda: asyncio.run(work()))
    except RekeyRefused as refused:
        click.echo(f"refused: {refused}", err=True)
        raise SystemExit(1) from refused
    tell([_facts(one) for one in done], "\n".join(map(_words, done)), as_json)


def _facts(one: Proof | Intent) -> dict[str, object]:
    facts = asdict(one)
    return {name: value.as_posix() if isinstance(value, Path) else value for name, value in facts.items()}


def _words(one: Proof | Intent) -> str:
    if isinstance(one, Intent):
        return f"{one.object}: {one.pairs:,} pairs would keep their records; {one.missing:,} records to be given the new key"
    return (
        f"{one.object}: {one.before:,} pairs before, {one.after:,} after, {one.written:,} written; proof in {one.path}"
    )
