"""`orgtwin apex`: run the Apex tests of a project, with no server and no org."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from orgtwin.apex.engine import Engine
from orgtwin.apex.kernel import KernelPort
from orgtwin.apex.project import Project, read_project
from orgtwin.apex.reference import library_page
from orgtwin.apex.reports import coverage_lines, failure_lines, junit, summary_lines
from orgtwin.apex.save_hooks import attach
from orgtwin.apex.testing import TestOutcome, run_tests
from orgtwin.metadata.deploy_model import DeployOptions
from orgtwin.metadata.service import MetadataService
from orgtwin.seed import administrator, new_org


@click.group()
def apex() -> None:
    """Apex on this machine."""


@apex.command("test")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--tests", "names", multiple=True, metavar="NAME", help="A class or Class.method; may be repeated.")
@click.option("--coverage/--no-coverage", default=False, help="Measure which lines run.")
@click.option(
    "--assign", "permission_sets", multiple=True, metavar="NAME", help="Give the running user a permission set first."
)
@click.option("--junit", "junit_file", type=click.Path(dir_okay=False, path_type=Path), help="Write JUnit XML here.")
def test(
    folder: Path, names: tuple[str, ...], coverage: bool, permission_sets: tuple[str, ...], junit_file: Path | None
) -> None:
    """Run the tests of an SFDX project. Exit code 1 when one fails, 2 when nothing could be run."""
    engine = prepare(read_project(folder), coverage=coverage)
    assign(engine, permission_sets)
    for problem in engine.check():
        click.echo(f"{problem}", err=True)
    run = run_tests(engine, names or None, told=_tell)
    if not run.outcomes:
        click.echo(
            f"{folder}: no test methods found (a class annotated @IsTest with methods annotated @IsTest)", err=True
        )
        sys.exit(2)
    for line in summary_lines(run):
        click.echo(line)
    if coverage:
        tested = {c.name: c for c in engine.classes.values() if not c.is_test}
        for line in coverage_lines(engine.coverage.report(tested)):
            click.echo(line)
    if junit_file is not None:
        junit_file.write_bytes(junit(run))
    sys.exit(1 if run.failures else 0)


@apex.command("library")
def library() -> None:
    """Print the reference page of the library."""
    click.echo(library_page(), nl=False)


def assign(engine: Engine, names: tuple[str, ...]) -> None:
    """Assign permission sets of the project to the running user, as `sf org assign permset` does."""
    for name in names:
        found = engine.port.query("SELECT Id FROM PermissionSet WHERE Name = :name", {"name": name}, user_mode=False)
        if not isinstance(found, list) or not found:
            click.echo(f"--assign {name}: the project has no permission set of that name", err=True)
            sys.exit(2)
        row = {"PermissionSetId": found[0].fields["Id"], "AssigneeId": engine.port.user().user_id}
        for result in engine.port.insert("PermissionSetAssignment", [row], all_or_none=True, user_mode=False):
            for error in result.errors:
                click.echo(f"--assign {name}: {error.message}", err=True)
                sys.exit(2)


def _tell(outcome: TestOutcome) -> None:
    if outcome.outcome != "Pass":
        for line in failure_lines(outcome):
            click.echo(line)


def prepare(project: Project, *, coverage: bool = False) -> Engine:
    """A new org with the project's metadata, and its Apex loaded. What does not deploy is told and left out."""
    org = new_org()
    admin = administrator(org)
    if len(project.files) > 1:
        job = MetadataService(org).deploy_files(
            admin, project.files, DeployOptions(rollback_on_error=False, single_package=True)
        )
        for message in job.outcome.failures if job.outcome is not None else ():
            click.echo(f"{message.file_name}: {message.problem}", err=True)
    engine = attach(org, admin.user_id, coverage=coverage)
    port = engine.port
    if isinstance(port, KernelPort):
        port.labels.update(project.labels)
    engine.load(project.apex)
    return engine
