"""`clmtwin`: serve the CLM twin.

Exit codes: 0 stopped as asked; 2 the surroundings are wrong (port, folder), nothing was changed.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from pathlib import Path

import click
import msgspec
import uvloop

from clmtwin.server import PortInUse, bind, serve_until_stopped
from clmtwin.store import StoreInUse
from clmtwin.twin import Twin, open_twin


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="clmkit")
def main() -> None:
    """A CLM staging system on one machine."""


@main.command()
@click.option(
    "--ready-file", type=click.Path(dir_okay=False, path_type=Path), help="Written when connections are accepted."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=0, show_default="any free one", type=click.IntRange(0, 65535), help="The port.")
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the store; without it nothing outlives the run.",
)
@click.option("--seed", default=0, show_default=True, help="Event ids follow from it.")
@click.option("--client-id", default="clmkit", show_default=True, help="OAuth client id of the integration.")
@click.option("--public-url", default="https://clm.example.com", show_default=True, help="Start of document links.")
@click.option("--requests-per-second", default=2000.0, show_default=True, type=click.FloatRange(1), help="Rate limit.")
@click.option(
    "--until-stdin-closes",
    "watch_stdin",
    is_flag=True,
    help="End when standard input closes: when the parent process dies.",
)
def serve(
    ready_file: Path | None,
    host: str,
    port: int,
    data: Path | None,
    seed: int,
    client_id: str,
    public_url: str,
    requests_per_second: float,
    watch_stdin: bool,
) -> None:
    """Serve until SIGTERM or Ctrl-C.

    The ready file holds http_url, client_id, client_secret, data and pid.

    \b
    Example:
      clmtwin serve --ready-file clm.json --port 8081 --data build/clm

    \b
    Exit codes:
      0  ended as told
      2  the surroundings are wrong (port, folder); nothing was started
    """
    try:
        with tempfile.TemporaryDirectory(prefix="clmtwin-") as scratch:
            folder = data or Path(scratch)
            listener = bind(host, port)
            twin = open_twin(
                folder, seed=seed, client_id=client_id, public_url=public_url, requests_per_second=requests_per_second
            )
            try:
                uvloop.run(
                    serve_until_stopped(
                        twin, listener, lambda url: _announce(twin, url, folder, ready_file), watch_stdin=watch_stdin
                    )
                )
            finally:
                twin.store.close()
    except (PortInUse, StoreInUse, OSError, sqlite3.Error) as error:
        click.echo(f"clmtwin: {error}", err=True)
        raise SystemExit(2) from error


def _announce(twin: Twin, url: str, folder: Path, ready_file: Path | None) -> None:
    facts = {
        "http_url": url,
        "client_id": twin.credentials.client_id,
        "client_secret": twin.credentials.client_secret,
        "data": str(folder),
        "pid": os.getpid(),
    }
    if ready_file is None:
        click.echo(
            f"clmtwin serves at {url}; client id {twin.credentials.client_id}; the secret is written to --ready-file only"
        )
        return
    partial = ready_file.with_name(f".{ready_file.name}.{os.getpid()}")
    partial.touch(mode=0o600)
    partial.write_bytes(msgspec.json.encode(facts))
    partial.replace(ready_file)
