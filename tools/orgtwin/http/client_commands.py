"""`orgtwin env`, `reset`, `snapshot`, `restore`: commands that speak to a running twin through its ready file."""

from __future__ import annotations

import json
import shlex
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import click

from orgtwin.auth.apps import CUMULUSCI
from orgtwin.http.ready import NotReady, ReadyFile, read_ready
from orgtwin.http.serve_command import DEFAULT_READY_FILE, Surroundings

_TIMEOUT_SECONDS = 30
# CumulusCI encrypts its key chain with a key of exactly 16 characters; without one it writes files that it cannot read again.
_KEYCHAIN_KEY = "orgtwin-16-chars"

_ready_file = click.option(
    "--ready-file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=DEFAULT_READY_FILE,
    show_default=True,
    help="The ready file of the running twin.",
)


def environment(ready: ReadyFile) -> dict[str, str]:
    """The variables that point the public clients at this twin."""
    org = {
        "instance_url": ready.https_url,
        "access_token": ready.access_token,
        "refresh_token": ready.refresh_token,
        "id": f"{ready.https_url}/id/{ready.org_id}/{ready.user_id}",
        "client_id": CUMULUSCI,
        "connected_app": "built-in",
    }
    return {
        # CumulusCI and simple-salesforce (requests), CumulusCI's key chain and org
        "REQUESTS_CA_BUNDLE": ready.ca_bundle,
        "CUMULUSCI_KEY": _KEYCHAIN_KEY,
        f"CUMULUSCI_ORG_{ready.alias}": json.dumps(org),
        "SF_PROD_LOGIN_URL": ready.https_url,
        "SF_SANDBOX_LOGIN_URL": ready.https_url,
        # sf
        "NODE_EXTRA_CA_CERTS": ready.ca_bundle,
        "SF_ACCESS_TOKEN": ready.access_token,
        "SF_DISABLE_TELEMETRY": "true",
        "SF_AUTOUPDATE_DISABLE": "true",
        "SF_SKIP_NEW_VERSION_CHECK": "true",
        "SF_USE_GENERIC_UNIX_KEYCHAIN": "true",
        "SF_CONTAINER_MODE": "true",
        # simple-salesforce and everybody else
        "ORGTWIN_INSTANCE_URL": ready.https_url,
        "ORGTWIN_HTTP_URL": ready.http_url,
        "ORGTWIN_PUBSUB_ENDPOINT": ready.pubsub_endpoint,
        "ORGTWIN_USERNAME": ready.username,
        "ORGTWIN_CLIENT_ID": ready.client_id,
        "ORGTWIN_CLIENT_SECRET": ready.client_secret,
    }


def _find(ready_file: Path) -> ReadyFile:
    try:
        return read_ready(ready_file)
    except NotReady as error:
        raise Surroundings(str(error)) from error


@click.command()
@_ready_file
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of lines for a shell.")
def env(ready_file: Path, as_json: bool) -> None:
    """Print the variables that cci, sf and simple-salesforce need.

    \b
    Example:
      eval "$(orgtwin env)"

    \b
    Exit codes:
      0  printed
      2  no twin is running here
    """
    variables = environment(_find(ready_file))
    if as_json:
        click.echo(json.dumps(variables, indent=2))
        return
    for name, value in variables.items():
        click.echo(f"export {name}={shlex.quote(value)}")


def call_admin(ready: ReadyFile, method: str, path: str, body: object = None) -> None:
    """One request to /twin/admin, with a body as JSON where there is one.

    Raises Surroundings with the twin's own words when it refuses or is not there.
    """
    request = urllib.request.Request(  # noqa: S310 - the address is the twin's own, from its ready file
        f"{ready.http_url}/twin/admin/{path}",
        method=method,
        data=None if method == "GET" else b"" if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {ready.admin_token}"},
    )
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310
            answer.read()
    except urllib.error.HTTPError as error:
        rows = json.loads(error.read() or b"[{}]")
        raise Surroundings(rows[0].get("message", str(error))) from error
    except urllib.error.URLError as error:
        raise Surroundings(f"{ready.http_url} does not answer: {error.reason}. Is the twin still running?") from error


def _quoted(name: str) -> str:
    return urllib.parse.quote(name, safe="")


@click.command()
@_ready_file
def reset(ready_file: Path) -> None:
    """Make the org new again: nothing deployed, saved or used.

    Limits start anew and no fault is armed. Client apps go on, and the sessions of users that a new org has.

    \b
    Example:
      orgtwin reset

    \b
    Exit codes:
      0  done
      2  no twin is running here
    """
    call_admin(_find(ready_file), "POST", "reset")


@click.command()
@click.argument("name")
@_ready_file
def snapshot(ready_file: Path, name: str) -> None:
    """Remember records, schema and settings under NAME.

    \b
    Example:
      orgtwin snapshot before-release

    \b
    Exit codes:
      0  remembered
      2  no twin is running here
    """
    call_admin(_find(ready_file), "PUT", f"snapshots/{_quoted(name)}")


@click.command()
@click.argument("name")
@_ready_file
def restore(ready_file: Path, name: str) -> None:
    """Go back to the snapshot NAME.

    \b
    Example:
      orgtwin restore before-release

    \b
    Exit codes:
      0  done
      2  no twin is running here, or it has no such snapshot
    """
    call_admin(_find(ready_file), "POST", f"snapshots/{_quoted(name)}/restore")
