"""`clmkit demo`: the whole way once, from a mapping to contracts that live in Salesforce, with the evidence."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from clmkit.cli.demo.failure import StepFailed, last_lines
from clmkit.cli.demo.processes import Processes
from clmkit.cli.demo.proof import write_summary
from clmkit.cli.demo.run import Run
from clmkit.cli.demo.runner import fingerprint_of, monotonic, open_progress, run_steps, start_anew
from clmkit.cli.demo.steps import STEPS
from clmkit.cli.demo.workspace import Workspace, WorkspaceInUse

INTERRUPTED = 130
CONTRACTS = Path("datasets/cuad/contracts.csv")
SPEC = Path("mappings/contract.yml")


@click.command()
@click.option(
    "--contracts",
    type=click.Path(path_type=Path, dir_okay=False),
    default=CONTRACTS,
    show_default=True,
    help="A CSV file with the columns of the shipped one.",
)
@click.option(
    "--spec", type=click.Path(path_type=Path, dir_okay=False), default=SPEC, show_default=True, help="The mapping file."
)
@click.option("--fresh", is_flag=True, help="Start from nothing even when an interrupted run could go on.")
def demo(contracts: Path, spec: Path, fresh: bool) -> None:
    """Run the whole way on this machine and prove it.

    Map, generate, deploy, push, live through the lifecycle, compare. Needs no Salesforce org. A run that was interrupted goes on
    where it stopped.

    \b
    Examples:
      clmkit demo
      clmkit demo --contracts my-contracts.csv

    \b
    Exit codes:
      0    done, and everything agrees
      1    done, and a test failed or the systems differ
      2    a step could not be done
      130  stopped; run again to go on
    """
    console = Console()
    workspace = Workspace(Path.cwd())
    try:
        with workspace.held():
            failure = _run(console, workspace, contracts, spec, fresh=fresh)
    except WorkspaceInUse as error:
        failure = StepFailed(str(error), "wait until it has ended, or run this one in another checkout")
    except OSError as error:
        failure = StepFailed(f"{error.filename}: {error.strerror}", "mend it and run again")
    except KeyboardInterrupt:
        console.print("\n[yellow]Stopped.[/yellow] Nothing is left running; `clmkit demo` goes on from here.")
        raise SystemExit(INTERRUPTED) from None
    if failure is not None:
        _show(console, workspace, failure)
        raise SystemExit(failure.exit_code)


def _run(console: Console, workspace: Workspace, contracts: Path, spec: Path, *, fresh: bool) -> StepFailed | None:
    started = monotonic()
    try:
        inputs = fingerprint_of([contracts, spec])
        if fresh:
            shutil.rmtree(workspace.run, ignore_errors=True)
        progress = open_progress(workspace.progress_file, inputs)
        start_anew(workspace, progress)
        workspace.create()
        with Processes() as processes:
            titles = {step.key: step.title for step in STEPS}
            now = datetime.now(UTC).isoformat(timespec="seconds")
            run = Run(workspace, processes, spec, contracts, progress, now, titles)
            try:
                run_steps(STEPS, run, progress, console, monotonic)
            except (StepFailed, OSError) as error:
                raise _with_cause(error, processes) from error
            write_summary(run)
            progress.finish()
            _summarise(console, run, monotonic() - started)
            return _verdict(run)
    except StepFailed as failure:
        return failure
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        return StepFailed(f"{place}{error.strerror or error}", "mend it and run again: it goes on where it stopped")


def _with_cause(error: StepFailed | OSError, processes: Processes) -> StepFailed | OSError:
    """A step fails in many ways when a system is gone: then that is what the user must know."""
    ended = processes.find_ended_server()
    if ended is None:
        return error
    what = f"{ended.name} has ended with code {ended.code}, and so: {error}"
    return StepFailed(what, f"{last_lines(ended.log)}\nrun again: it goes on where it stopped", ended.log)


def _summarise(console: Console, run: Run, seconds: float) -> None:
    done = run.progress.done
    customers, pushed, compared, proven = (done[key].figures for key in ("customers", "push", "reconcile", "evidence"))
    tested = done["apex"].figures["cases"]
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    rows = {
        "Contracts read": customers["read"],
        "Contracts in Salesforce": proven["synced"],
        "Contracts parked": proven["parked"],
        "Values parked": proven["parked_values"],
        "Fields compared": compared["compared"],
        "Differences": compared["differing"],
        "Salesforce API calls": sum(pushed["api_calls"].values()) if isinstance(pushed["api_calls"], dict) else 0,
        "Apex tests passed": len(tested) if isinstance(tested, list) else 0,
        "Elapsed": f"{seconds:.1f} s",
    }
    for name, value in rows.items():
        table.add_row(name, str(value))
    console.print()
    console.print(table)
    console.print(
        f"\nEvidence: {run.workspace.evidence.relative_to(run.workspace.project)}/index.html", highlight=False
    )


def _verdict(run: Run) -> StepFailed | None:
    """The work is done; is it right?"""
    done = run.progress.done
    failing = [key for key in ("apex", "robot", "pytest") if _has_failures(done[key].figures)]
    if failing:
        return StepFailed(f"{', '.join(failing)}: cases failed", "the evidence page names them", exit_code=1)
    if done["reconcile"].figures["differing"]:
        return StepFailed("the systems differ", "the evidence page lists each difference", exit_code=1)
    return None


def _has_failures(figures: dict[str, object]) -> bool:
    cases = figures["cases"]
    return bool(figures["not_run"]) or not isinstance(cases, list) or not cases or not all(case[1] for case in cases)


def _show(console: Console, workspace: Workspace, failure: StepFailed) -> None:
    console.print(f"\n[red]error:[/red] {failure.what}", highlight=False, soft_wrap=True)
    if failure.log is not None:
        console.print(f"  log: {failure.log.relative_to(workspace.project)}", highlight=False)
    for line in failure.help.splitlines():
        console.print(f"  {line}", highlight=False, markup=False, soft_wrap=True)
