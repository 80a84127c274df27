"""`orgtwin apex test`: its options; test_session.py does the work."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

import click

from orgtwin.apex.project_files import Base
from orgtwin.interrupts import INTERRUPTED
from orgtwin.lazy import LateCommand


class BaseParameter(click.ParamType[Base]):
    """FOLDER, or NAMESPACE=FOLDER. Source: "Create and Register Your Namespace" (Salesforce DX Developer Guide)."""

    name = "base"
    _namespace = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9]){0,14}")

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Base:
        namespace, equals, folder = value.partition("=")
        if not equals or not self._namespace.fullmatch(namespace):
            namespace, folder = "", value
        checked = click.Path(exists=True, file_okay=False, path_type=Path).convert(folder, param, ctx)
        return Base(checked, namespace)


_MOST_JOBS = max(
    8, os.cpu_count() or 1
)  # each reads and deploys the project: more than processors only wait for each other


@click.command("test", cls=LateCommand, work="orgtwin.apex.test_session")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--tests", "names", multiple=True, metavar="NAME", help="A class or Class.method; may be repeated.")
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    metavar="N",
    help="Spread the test classes over N processes; no more than 8, or than processors, are started.",
)
@click.option("--watch", "watched", is_flag=True, help="Run again after every change what it concerns, until Ctrl-C.")
@click.option("--coverage/--no-coverage", default=False, help="Measure which lines run.")
@click.option(
    "--assign", "permission_sets", multiple=True, metavar="NAME", help="Give the running user a permission set first."
)
@click.option(
    "--with",
    "before",
    multiple=True,
    metavar="[NAMESPACE=]FOLDER",
    type=BaseParameter(),
    help="A project that this one builds on: deployed first, its tests not run; may be repeated. With a namespace it is"
    " there as a managed package, its objects, fields and labels under that namespace, without its Apex.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object, as `sf apex run test --json` has it.")
@click.option("--junit", "junit_file", type=click.Path(dir_okay=False, path_type=Path), help="Write JUnit XML here.")
@click.option(
    "--cobertura",
    "cobertura_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Measure coverage and write Cobertura XML here.",
)
@click.option(
    "--log",
    "log_folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Write the debug log of each test that fails here, as Class.method.log.",
)
@click.option(
    "--log-level",
    type=click.Choice(["DEBUG", "FINE", "FINER", "FINEST"]),
    default="DEBUG",
    show_default=True,
    help="Of APEX_CODE in these logs.",
)
@click.pass_obj
def test(
    poll: Callable[[], None] | None,
    *,
    folder: Path,
    names: tuple[str, ...],
    jobs: int,
    watched: bool,
    coverage: bool,
    permission_sets: tuple[str, ...],
    before: tuple[Base, ...],
    as_json: bool,
    junit_file: Path | None,
    cobertura_file: Path | None,
    log_folder: Path | None,
    log_level: str,
) -> None:
    """Run the tests of an SFDX project.

    \b
    Examples:
      orgtwin apex test force-app --jobs 2 --cobertura build/cobertura.xml
      orgtwin apex test force-app --tests ContractTest.renews --watch
      orgtwin apex test . --json > build/apex.json

    \b
    Exit codes:
      0    all pass
      1    one fails
      2    nothing could be run, or a report cannot be written
      130  Ctrl-C ended it
      143  SIGTERM ended it
    """
    from orgtwin.apex.project_runs import RunRequest
    from orgtwin.apex.test_session import Output, run_and_watch, run_once

    output = Output(coverage, as_json, junit_file, cobertura_file, log_folder)
    request = RunRequest(
        folder,
        names,
        permission_sets,
        coverage=coverage or as_json or cobertura_file is not None,
        jobs=min(jobs, _MOST_JOBS),
        before=before,
        log_level=None if log_folder is None else log_level,
    )
    try:
        if watched:
            run_and_watch(request, output, poll)
        sys.exit(run_once(request, output))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
