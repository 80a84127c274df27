"""What `orgtwin apex test` does: one run, or a run after every change, and what is printed and written of it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import click

from orgtwin.apex.project_runs import Listener, NotRun, ProjectReport, RunRequest, run_project
from orgtwin.apex.reports import (
    Place,
    cobertura,
    coverage_lines,
    failure_lines,
    json_report,
    junit,
    summary_lines,
)
from orgtwin.apex.testing import TestOutcome
from orgtwin.apex.watch import watch

POLL_SECONDS = 0.5


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


def run_once(request: RunRequest, output: Output) -> int:
    """Run and tell. Gives the exit code."""
    report = _run_once(request, output)
    if report is None:
        return 2
    return 1 if report.run.failures else 0


def run_and_watch(request: RunRequest, output: Output, poll: Callable[[], None] | None) -> None:
    """Run and tell, after every change again, until `poll`, which waits between two looks, raises."""
    folders = (request.folder, *(base.folder for base in request.before))
    session = Session(request, output)
    watch(folders, session.run, partial(click.echo, err=output.as_json), poll or partial(time.sleep, POLL_SECONDS))


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


def _tell(outcome: TestOutcome) -> None:
    if outcome.outcome != "Pass":
        for line in failure_lines(outcome):
            click.echo(line)
