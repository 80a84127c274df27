"""`orgtwin apex`: run the Apex tests of a project, with no server and no org."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from orgtwin.apex.mutation import BaselineFailed, run_mutation
from orgtwin.apex.project import read_project
from orgtwin.apex.projects import assign, prepare
from orgtwin.apex.reference import library_page
from orgtwin.apex.reports import cobertura, coverage_lines, failure_lines, junit, mutation_lines, summary_lines
from orgtwin.apex.testing import TestOutcome, run_tests


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
@click.option(
    "--cobertura",
    "cobertura_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Measure coverage and write Cobertura XML here.",
)
def test(
    folder: Path,
    names: tuple[str, ...],
    coverage: bool,
    permission_sets: tuple[str, ...],
    junit_file: Path | None,
    cobertura_file: Path | None,
) -> None:
    """Run the tests of an SFDX project. Exit code 1 when one fails, 2 when nothing could be run."""
    engine = prepare(read_project(folder), coverage=coverage or cobertura_file is not None)
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
    tested = {c.name: c for c in engine.classes.values() if not c.is_test}
    if coverage:
        for line in coverage_lines(engine.coverage.report(tested)):
            click.echo(line)
    if cobertura_file is not None:
        cobertura_file.write_bytes(cobertura(engine.coverage.report(tested)))
    if junit_file is not None:
        junit_file.write_bytes(junit(run))
    sys.exit(1 if run.failures else 0)


@apex.command("mutate")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--sample", type=int, help="Judge that many mutants, chosen by the seed; all without it.")
@click.option("--seed", type=int, default=0, show_default=True, help="Chooses the sample.")
@click.option("--processes", type=int, default=2, show_default=True, help="Work on that many at once.")
@click.option("--at-least", type=float, default=90.0, show_default=True, help="Exit code 1 below that share killed.")
@click.option("--assign", "permission_sets", multiple=True, metavar="NAME", help="As of `test`.")
def mutate(
    folder: Path, sample: int | None, seed: int, processes: int, at_least: float, permission_sets: tuple[str, ...]
) -> None:
    """Change a project's Apex in small wrong ways and see whether its tests notice. Survivors are printed."""
    try:
        run = run_mutation(folder, permission_sets, sample=sample, seed=seed, processes=processes)
    except BaselineFailed as failed:
        click.echo(f"{folder}: a test fails before anything is changed: {failed}", err=True)
        sys.exit(2)
    for line in mutation_lines(run):
        click.echo(line)
    sys.exit(0 if run.judged and run.rate >= at_least else 1)


@apex.command("library")
def library() -> None:
    """Print the reference page of the library."""
    click.echo(library_page(), nl=False)


def _tell(outcome: TestOutcome) -> None:
    if outcome.outcome != "Pass":
        for line in failure_lines(outcome):
            click.echo(line)
