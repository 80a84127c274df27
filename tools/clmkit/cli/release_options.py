"""What `plan`, `apply` and `drift` share: their options, and errors of reading as messages."""

from __future__ import annotations

import asyncio
import socket
import uuid
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import click

from clmkit.cli.lint import DEFAULT_SPEC
from clmkit.clients.errors import WireError
from clmkit.codegen.mdapi import UnsupportedSource
from clmkit.codegen.plan import PlanError
from clmkit.mapping.report import FORMATS
from clmkit.release.lock import Run
from clmkit.release.org_access import AccessError
from clmkit.release.planning import UnknownPlan
from clmkit.release.revisions import RevisionError
from clmkit.sync.database import StateError

T = TypeVar("T")
FAILURES = (AccessError, PlanError, StateError, UnknownPlan, UnsupportedSource, WireError)

ORG = click.option(
    "--org",
    "org_file",
    required=True,
    metavar="ORG",
    help="The org: an alias or username that the sf CLI knows, or a file with what `cci org info NAME --json` prints or the "
    "org twin's ready file; - reads standard input.",
)
SPEC = click.option(
    "--spec", type=click.Path(path_type=Path), default=DEFAULT_SPEC, show_default=True, help="The mapping file."
)
PACKAGE = click.option(
    "--package",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("force-app"),
    show_default=True,
    help="The package directory.",
)
DECISIONS = click.option(
    "--decisions",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("docs/decisions"),
    show_default=True,
    help="Folder of the decision records.",
)
INTENT = click.option(
    "--intent", default="", metavar="REF", help="Git ref or file of the mapping to release; default: the file on disk."
)
AGAINST = click.option(
    "--against",
    default="",
    metavar="REF",
    help="Git ref or file of the mapping that runs now: shows changes of behaviour.",
)
PLANS = click.option(
    "--plans",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("build/plans"),
    show_default=True,
    help="Where plans are kept.",
)
STATE = click.option(
    "--state",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The sync's state file, to count what is in flight where behaviour changes.",
)
CHANGES_PER_DAY = click.option(
    "--changes-per-day",
    type=click.IntRange(min=1),
    default=1_000,
    show_default=True,
    help="Changed agreements, for the API budget.",
)
ROWS_PER_LIST = click.option(
    "--rows-per-list",
    type=click.IntRange(min=1),
    default=5,
    show_default=True,
    help="Rows that an agreement has in a list, for the API budget.",
)


def this_run(what: str) -> Run:
    """Who holds the org's lock while this command changes it."""
    return Run(what, socket.gethostname(), uuid.uuid4().hex[:12])


def run_guarded(work: Callable[[], Coroutine[Any, Any, T]], failed: int) -> T:
    """The result of the work; what the reader can mend as a message on standard error, with exit code `failed`."""
    try:
        return asyncio.run(work())
    except RevisionError as error:
        if error.findings:
            click.echo(FORMATS["human"](error.findings), err=True)
        click.echo(f"error: {error}", err=True)
    except FAILURES as error:
        click.echo(f"error: {error}", err=True)
    except OSError as error:
        click.echo(f"error: {error.filename or 'file'}: {error.strerror or error}", err=True)
    raise SystemExit(failed)
