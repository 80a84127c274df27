"""Steps in order, their progress on the screen, their figures in the summary, and where an interrupted run goes on."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from rich.console import Console

from clmkit.cli.demo.workspace import Workspace, write_json

Figures = dict[str, object]
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a step tells: one line for a person, figures for the summary."""

    line: str
    figures: Figures = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step(Generic[R]):
    """`once` steps are not repeated when an interrupted run goes on; the others start something and must."""

    key: str
    title: str
    action: Callable[[R], Outcome]
    once: bool = True


@dataclass
class Progress:
    """Which steps of a run are done, kept in a file; a run with other inputs starts from nothing."""

    path: Path
    fingerprint: str
    done: dict[str, Outcome] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def record(self, key: str, outcome: Outcome, seconds: float) -> None:
        self.done[key] = outcome
        self.seconds[key] = round(seconds, 3)
        rows = {k: {"line": o.line, "figures": o.figures, "seconds": self.seconds[k]} for k, o in self.done.items()}
        write_json(self.path, {"fingerprint": self.fingerprint, "steps": rows})

    def finish(self) -> None:
        """The run is complete: the next one starts from nothing."""
        self.path.unlink(missing_ok=True)


def open_progress(path: Path, fingerprint: str) -> Progress:
    """The progress of an interrupted run with the same inputs, or an empty one."""
    progress = Progress(path, fingerprint)
    if not path.exists():
        return progress
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return progress
    if document.get("fingerprint") != fingerprint:
        return progress
    for key, row in document["steps"].items():
        progress.done[key] = Outcome(row["line"], row["figures"])
        progress.seconds[key] = row["seconds"]
    return progress


def fingerprint_of(files: Iterable[Path]) -> str:
    """One hash over the run's inputs, by content."""
    digest = hashlib.sha256()
    for path in files:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def run_steps(
    steps: Sequence[Step[R]], run: R, progress: Progress, console: Console, clock: Callable[[], float]
) -> None:
    """Run the steps in order, one line each; a step that an interrupted run has done already is shown and not repeated."""
    width = max(len(step.title) for step in steps)
    for number, step in enumerate(steps, 1):
        head = f"[bold]{number:>2}/{len(steps)}[/bold] {step.title:<{width}}"
        if step.once and step.key in progress.done:
            console.print(f"{head}  [dim]done before: {progress.done[step.key].line}[/dim]", soft_wrap=True)
            continue
        started = clock()
        with console.status(f"{step.title} ..."):
            outcome = step.action(run)
        seconds = clock() - started
        progress.record(step.key, outcome, seconds)
        console.print(f"{head} [green]{seconds:6.1f} s[/green]  {outcome.line}", highlight=False, soft_wrap=True)


def start_anew(workspace: Workspace, progress: Progress) -> None:
    """Throw away the state of a finished run unless there is an interrupted one to go on with."""
    if progress.done:
        return
    for path in sorted(workspace.run.rglob("*"), reverse=True) if workspace.run.exists() else ():
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        else:
            path.unlink()


monotonic = time.monotonic
