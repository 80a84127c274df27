"""`python -m clmkit.worker`: one worker of a sync that several share.

Exit codes: 0 it was told to end, and everything it had begun is settled; 2 it could not be done.
"""

from __future__ import annotations

import asyncio
import signal
import socket
from pathlib import Path

import click
import msgspec

from clmkit.cli.output import AS_JSON
from clmkit.cli.sync_options import CONFIG, guarded, read_config
from clmkit.sync.config import SyncConfig
from clmkit.sync.engine import open_engine
from clmkit.sync.schedule import pace_of
from clmkit.worker.bench import LEASE, Bench, Done, attend
from clmkit.worker.durable import Settings, durable


@click.command()
@CONFIG
@AS_JSON
@click.option(
    "--name",
    default=socket.gethostname,
    help="Of this worker, the same after a restart and no other's.  [default: the machine's name]",
)
@click.option(
    "--every", default=2.0, show_default=True, type=click.FloatRange(0.1), help="Seconds between looks at both systems."
)
@click.option("--at-once", type=click.IntRange(1), help="Batches at a time, of all workers together.")
@click.option("--a-minute", type=click.IntRange(1), help="Batches a minute, of all workers together.")
def main(config_path: Path, as_json: bool, name: str, every: float, at_once: int | None, a_minute: int | None) -> None:
    """Settle batches of a sync's state until told to end (SIGTERM, Ctrl-C).

    \b
    Start as many as are needed, each under its own name, with the same configuration:
      python -m clmkit.worker --config sync.yml --name worker-1
      python -m clmkit.worker --config sync.yml --name worker-2
    The state has to be a postgresql:// address for more than one.
    """
    config = read_config(config_path)
    settings = Settings(config.state, name, at_once, a_minute)
    guarded(lambda: asyncio.run(_work(config, settings, every, as_json)))


async def _work(config: SyncConfig, settings: Settings, every: float, as_json: bool) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)

    def tell(done: Done) -> None:
        click.echo(msgspec.json.encode(done) if as_json else _told(done))

    def warn(words: str) -> None:
        click.echo(f"clmkit: {words}", err=True)

    async with open_engine(config, f"clmkit worker {settings.worker}") as engine:
        engine.page = max(engine.page, LEASE)
        engine.pace = pace_of(engine.spec) if config.keeps_promises else engine.pace
        bench = Bench(engine, settings.worker, tell, warn)
        # DBOS waits for its batches, which need this loop: it starts and ends in a thread of its own.
        batches = durable(settings, bench.settle)
        ask = await asyncio.to_thread(batches.__enter__)
        try:
            await attend(bench, ask, every, stopped, warn)
        finally:
            await asyncio.to_thread(batches.__exit__, None, None, None)


def _told(done: Done) -> str:
    counts = f"{done.pushed} pushed, {done.unchanged} unchanged, {done.conflicts} in conflict, {done.parked} parked"
    said = f"{done.worker}: {done.events} events: {counts} ({done.seconds:.2f} s)"
    return f"{said}; stopped: {done.stopped}" if done.stopped else said


if __name__ == "__main__":
    main()
