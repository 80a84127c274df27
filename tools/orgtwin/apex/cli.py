"""`orgtwin apex`: run the Apex tests of a project, with no server and no org."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import click

from orgtwin.apex.mutation import BaselineFailed, run_mutation
from orgtwin.apex.project import Base, ProjectUnreadable
from orgtwin.apex.project_runs import Listener, NotRun, ProjectReport, RunRequest, run_project
from orgtwin.apex.projects import NotAssigned
from orgtwin.apex.reference import library_page
from orgtwin.apex.reports import (
    Place,
    cobertura,
    coverage_lines,
    failure_lines,
    json_report,
    junit,
    mutation_facts,
    mutation_lines,
    summary_lines,
)
from orgtwin.apex.testing import TestOutcome
from orgtwin.apex.watch import watch
from orgtwin.interrupts import INTERRUPTED

POLL_SECONDS = 0.5


@click.group()
def apex() -> None:
    """Apex on this machine."""


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


@dataclass(frozen=True, slots=True)
class Output:
    """What to print and what to write beside it."""

    coverage: bool
    as_json: bool
    junit_file: Path | None
    cobertura_file: Path | None
    log_folder: Path | None = None

    @property
    def is_report(self) -> bool:
        """Whether it is about a whole run, not only about what failed."""
        return self.coverage or self.as_json or self.junit_file is not None or self.cobertura_file is not None

    def make_folders(self) -> None:
        """The folders of the files. Raises NotRun."""
        if self.log_folder is not None:
            with _writing(self.log_folder):
                self.log_folder.mkdir(parents=True, exist_ok=True)
        for file in (self.junit_file, self.cobertura_file):
            if file is not None:
                with _writing(file.parent):
                    file.parent.mkdir(parents=True, exist_ok=True)

    def write(self, report: ProjectReport, place: Place) -> None:
        """The files. Raises NotRun."""
        if self.cobertura_file is not None:
            with _writing(self.cobertura_file):
                self.cobertura_file.write_bytes(cobertura(report.coverage, place))
        if self.junit_file is not None:
            with _writing(self.junit_file):
                self.junit_file.write_bytes(junit(report.run, place))
        for outcome in report.run.failures if self.log_folder is not None else ():
            file = (self.log_folder or Path()) / f"{outcome.class_name}.{outcome.method_name}.log"
            with _writing(file):
                file.write_text(outcome.log, encoding="utf-8")


@contextmanager
def _writing(file: Path) -> Iterator[None]:
    """A full disk tells no name of a file: then it is this one."""
    try:
        yield
    except OSError as error:
        raise NotRun(f"{error.filename or file}: the report cannot be written: {error.strerror}") from error


_MOST_JOBS = max(
    8, os.cpu_count() or 1
)  # each reads and deploys the project: more than processors only wait for each other


@apex.command("test")
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
    """
    output = Output(coverage, as_json, junit_file, cobertura_file, log_folder)
    covered = coverage or as_json or cobertura_file is not None
    request = RunRequest(folder, names, permission_sets, covered, min(jobs, _MOST_JOBS), before)
    request = replace(request, log_level=None if log_folder is None else log_level)
    try:
        if not watched:
            sys.exit(_exit_code(_run_once(request, output)))
        session = Session(request, output)
        watch(folder, session.run, partial(click.echo, err=as_json), poll or partial(time.sleep, POLL_SECONDS))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


class Session:
    """The runs of one watch: what it still knows of tests that a change did not concern.

    Reports are of all tests, so that with one every run is of all of them.
    """

    def __init__(self, request: RunRequest, output: Output) -> None:
        self._request = request
        self._output = output
        self._failing: dict[str, list[str]] = {}

    def run(self, concerned: frozenset[str] | None) -> None:
        """Run what a change concerns, None being everything, and name the tests that failed before and were not run now."""
        if self._output.is_report or concerned is None:
            concerned = None
            self._failing.clear()
        for name in concerned or ():
            self._failing.pop(name.lower(), None)
        report = _run_once(replace(self._request, concerned=concerned), self._output)
        for class_name in sorted(self._failing):
            for name in self._failing[class_name]:
                click.echo(f"{name}  failed before and is not concerned")
        for outcome in report.run.failures if report is not None else ():
            name = f"{outcome.class_name}.{outcome.method_name}"
            self._failing.setdefault(outcome.class_name.lower(), []).append(name)


def _exit_code(report: ProjectReport | None) -> int:
    if report is None:
        return 2
    return 1 if report.run.failures else 0


def _run_once(request: RunRequest, output: Output) -> ProjectReport | None:
    """Run, print and write; None when nothing was run, which is told."""
    listener = Listener(partial(click.echo, err=True), (lambda outcome: None) if output.as_json else _tell)
    started = datetime.now(UTC)
    try:
        output.make_folders()
        report = run_project(request, listener)
        if not report.run.outcomes:
            raise NotRun(_nothing(request))
        _print(report, output)
        output.write(report, Place(started, request.folder))
    except NotRun as refused:
        click.echo(str(refused), err=True)
        return None
    return report


def _nothing(request: RunRequest) -> str:
    if request.concerned is not None:
        return "No test is concerned"
    return f"{request.folder}: no test methods found (a class annotated @IsTest with methods annotated @IsTest)"


def _print(report: ProjectReport, output: Output) -> None:
    if output.as_json:
        click.echo(json.dumps(json_report(report), indent=2))
        return
    for line in summary_lines(report.run):
        click.echo(line)
    for line in coverage_lines(report.coverage) if output.coverage else ():
        click.echo(line)


@apex.command("mutate")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--sample", type=int, help="Judge that many mutants, chosen by the seed; all without it.")
@click.option("--seed", type=int, default=0, show_default=True, help="Chooses the sample.")
@click.option("--processes", type=int, default=2, show_default=True, help="Work on that many at once.")
@click.option("--at-least", type=float, default=90.0, show_default=True, help="Exit code 1 below that share killed.")
@click.option("--assign", "permission_sets", multiple=True, metavar="NAME", help="As of `test`.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
def mutate(
    folder: Path,
    sample: int | None,
    seed: int,
    processes: int,
    at_least: float,
    permission_sets: tuple[str, ...],
    as_json: bool,
) -> None:
    """Change Apex in small wrong ways: do the tests notice?

    Survivors are printed.

    \b
    Examples:
      orgtwin apex mutate force-app
      orgtwin apex mutate force-app --sample 100 --seed 7

    \b
    Exit codes:
      0  enough were noticed (--at-least)
      1  too few were
      2  nothing could be run, or a test fails before anything is changed
    """
    try:
        run = run_mutation(folder, permission_sets, sample=sample, seed=seed, processes=processes)
    except BaselineFailed as failed:
        click.echo(f"{folder}: a test fails before anything is changed: {failed}", err=True)
        sys.exit(2)
    except (ProjectUnreadable, NotAssigned) as refused:
        click.echo(str(refused), err=True)
        sys.exit(2)
    click.echo(json.dumps(mutation_facts(run), indent=2) if as_json else "\n".join(mutation_lines(run)))
    sys.exit(0 if run.judged and run.rate >= at_least else 1)


@apex.command("library")
def library() -> None:
    """Print the reference page of the Apex library.

    \b
    Example:
      orgtwin apex library > docs/reference/apex-library.md

    \b
    Exit codes:
      0  printed
    """
    click.echo(library_page(), nl=False)


def _tell(outcome: TestOutcome) -> None:
    if outcome.outcome != "Pass":
        for line in failure_lines(outcome):
            click.echo(line)
