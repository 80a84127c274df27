"""`orgtwin serve`: an org on this machine, until SIGTERM or Ctrl-C."""

from __future__ import annotations

import gc
import logging
import os
from datetime import UTC, datetime
from pathlib import Path

import click
import uvloop

from orgtwin.auth.assertion import read_certificate
from orgtwin.events.pubsub.door import PubSubDoor
from orgtwin.http.app import Application
from orgtwin.http.garbage import set_aside
from orgtwin.http.latency import Latency, parse_latency
from orgtwin.http.message import Response
from orgtwin.http.prompt import find_unknown_server
from orgtwin.http.ready import write_private, write_ready
from orgtwin.http.serve import CannotListen, Listeners, bind, run
from orgtwin.http.start import Started, start_twin
from orgtwin.http.surfaces import ROUTES
from orgtwin.http.tls import ca_bundle, create_authority, server_context
from orgtwin.http.twin import DEFAULT_DAILY_API_REQUESTS
from orgtwin.http.unfinished_jobs import unfinished_work
from orgtwin.records.journal import JournalInUse

DEFAULT_READY_FILE = Path(".orgtwin/ready.json")


class Surroundings(click.ClickException):
    """Something around the twin is not as it should be; nothing was started."""

    exit_code = 2


@click.command()
@click.option(
    "--ready-file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=DEFAULT_READY_FILE,
    show_default=True,
    help="Written when connections are accepted: addresses, tokens, the CA bundle's place. Keep it private.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--http-port", type=click.IntRange(0, 65535), default=0, help="Port of the http listener; 0 takes a free one."
)
@click.option("--https-port", type=click.IntRange(0, 65535), default=0, help="Port of the https listener.")
@click.option(
    "--pubsub-port", type=click.IntRange(0, 65535), default=0, help="Port of the Pub/Sub API (gRPC over TLS)."
)
@click.option(
    "--jwt-certificate",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="PEM certificate; its key may sign JWT assertions for the integration app.",
)
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep the org in this directory and find it there again. Without it the org ends with the process.",
)
@click.option(
    "--daily-api-requests",
    type=click.IntRange(1),
    default=DEFAULT_DAILY_API_REQUESTS,
    show_default=True,
    help="DailyApiRequests of the org.",
)
@click.option(
    "--latency",
    default="",
    metavar="call=MS,row=MS,batch=MS",
    help="Take as long as an org: milliseconds a call, a row saved, a bulk batch. Without it the twin answers at once.",
)
@click.option("--until-stdin-closes", "watch_stdin", is_flag=True, help="End also when the starting process is gone.")
def serve(
    ready_file: Path,
    host: str,
    http_port: int,
    https_port: int,
    pubsub_port: int,
    jwt_certificate: Path | None,
    data: Path | None,
    daily_api_requests: int,
    latency: str,
    watch_stdin: bool,
) -> None:
    """Serve a new org over HTTP and HTTPS, until Ctrl-C.

    \b
    Examples:
      orgtwin serve
      orgtwin serve --data build/org --latency call=80,row=1,batch=2000

    \b
    Exit codes:
      0  ended as told
      2  the surroundings are wrong (port, folder, certificate); nothing was started
    """
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    _require_known_server()
    certificate = _certificate(jwt_certificate) if jwt_certificate else None
    round_trips = _latency(latency)
    try:
        listeners = bind(host, http_port, https_port, pubsub_port)
    except CannotListen as error:
        raise Surroundings(f"{error}. Choose another port, or 0 for a free one.") from error
    try:
        started = _start(daily_api_requests, round_trips, certificate, data)
        try:
            _serve(started, listeners, ready_file, watch_stdin=watch_stdin)
        finally:
            started.twin.house.close()
    finally:
        listeners.close()


def _require_known_server() -> None:
    unknown = find_unknown_server()
    if unknown is not None:
        raise Surroundings(unknown)


def _certificate(path: Path) -> str:
    try:
        text = path.read_text("ascii")
        read_certificate(text)
    except (OSError, ValueError) as error:
        raise Surroundings(f"{path}: cannot be used as a certificate: {error}") from error
    return text


def _latency(text: str) -> Latency:
    try:
        return parse_latency(text)
    except ValueError as error:
        raise Surroundings(f"--latency {text}: {error}") from error


def _start(daily_api_requests: int, latency: Latency, certificate: str | None, data: Path | None) -> Started:
    gc.disable()
    try:
        return start_twin(daily_api_requests=daily_api_requests, latency=latency, certificate=certificate, data=data)
    except JournalInUse as error:
        raise Surroundings(str(error)) from error
    except (OSError, ValueError) as error:
        raise Surroundings(f"{data}: cannot be opened as the org's directory: {error}") from error
    finally:
        set_aside()
        gc.enable()


def _serve(started: Started, listeners: Listeners, ready_file: Path, *, watch_stdin: bool) -> None:
    authority = create_authority(datetime.now(UTC), listeners.host)
    bundle = ready_file.with_name(f"{ready_file.stem}.ca.pem").absolute()
    _write(bundle, ca_bundle(authority, os.environ))

    door = PubSubDoor(started.twin, authority, listeners.pubsub)

    def ready() -> None:
        door.open()
        about = started.ready_file(
            pid=os.getpid(),
            http_url=listeners.http_url,
            https_url=listeners.https_url,
            pubsub_endpoint=listeners.pubsub_endpoint,
            ca_bundle=str(bundle),
        )
        write_ready(ready_file, about)
        for work in unfinished_work(started.twin):
            app.go_on(Response(afterwards=work))
        click.echo(f"orgtwin {about.org_id} at {about.https_url} and {about.http_url}; ready file: {ready_file}")

    app = Application(started.twin, ROUTES)
    try:
        uvloop.run(run(app, listeners, server_context(authority), ready, watch_stdin=watch_stdin))
    except OSError as error:
        raise Surroundings(f"{ready_file}: cannot be written: {error}") from error
    finally:
        ready_file.unlink(missing_ok=True)
        bundle.unlink(missing_ok=True)


def _write(path: Path, content: bytes) -> None:
    try:
        write_private(path, content)
    except OSError as error:
        raise Surroundings(f"{path}: cannot be written: {error.strerror}") from error
