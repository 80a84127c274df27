"""`clmkit sync latency`: how long changes took, against what the mapping promises."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from clmkit.cli.output import AS_JSON
from clmkit.cli.sync_options import CONFIG, guarded, opened_state
from clmkit.cli.sync_replay import Instant
from clmkit.operate.latency import measure_latency
from clmkit.sync.config import load_spec_path
from clmkit.sync.engine import load_linted


@click.command()
@CONFIG
@AS_JSON
@click.option("--since", type=Instant(), help="Only what was written since then; UTC.  [default: everything]")
def latency(config_path: Path, as_json: bool, since: str | None) -> None:
    """Tell how long changes took, beside what was promised.

    From being taken in to being confirmed, by latency class and direction.

    \b
    Example, each morning:
      clmkit sync latency --since 2026-11-21

    \b
    Exit codes:
      0  every promise was kept
      1  one was not
      2  it could not be done
    """
    spec = guarded(lambda: load_linted(load_spec_path(config_path)))
    with opened_state(config_path) as state:
        rows = measure_latency(state, spec, since or "")
    if as_json:
        click.echo(msgspec.json.encode(rows).decode())
    else:
        click.echo(
            f"{'direction':<20}{'class':<12}{'changes':>9}{'p50':>10}{'p99':>10}{'longest':>10}{'promised p99':>14}"
        )
        for one in rows:
            times = "".join(f"{seconds:>8.2f} s" for seconds in (one.p50, one.p99, one.longest))
            verdict = "" if one.is_kept else "  not kept"
            click.echo(f"{one.direction:<20}{one.latency:<12}{one.changes:>9}{times}{one.promised:>12.0f} s{verdict}")
    raise SystemExit(0 if all(one.is_kept for one in rows) else 1)
