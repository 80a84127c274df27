"""`orgtwin apex mutate`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from orgtwin.lazy import LateCommand


@click.command("mutate", cls=LateCommand, work="orgtwin.apex.mutation")
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
    from orgtwin.apex.mutation import BaselineFailed, run_mutation
    from orgtwin.apex.project import ProjectUnreadable
    from orgtwin.apex.projects import NotAssigned
    from orgtwin.apex.reports import mutation_facts, mutation_lines

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
