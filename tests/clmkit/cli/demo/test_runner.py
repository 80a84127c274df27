"""Steps run in order, once, and go on where an interrupted run stopped."""

from __future__ import annotations

import io
import itertools
from pathlib import Path

import pytest
from rich.console import Console

from clmkit.cli.demo.runner import Outcome, Progress, Step, fingerprint_of, open_progress, run_steps, start_anew
from clmkit.cli.demo.workspace import Workspace

Log = list[str]


def step(key: str, *, once: bool = True, fails: bool = False) -> Step[Log]:
    def action(log: Log) -> Outcome:
        if fails:
            raise KeyboardInterrupt
        log.append(key)
        return Outcome(f"{key} done", {"n": 1})

    return Step(key, key.title(), action, once=once)


def run(steps: list[Step[Log]], progress: Progress) -> tuple[Log, str]:
    log: Log = []
    screen = io.StringIO()
    clock = itertools.count().__next__
    try:
        run_steps(steps, log, progress, Console(file=screen, width=100), lambda: float(clock()))
    finally:
        text = screen.getvalue()
    return log, text


def test_an_interrupted_run_goes_on_with_the_step_that_was_interrupted(tmp_path: Path) -> None:
    file = tmp_path / "progress.json"
    with pytest.raises(KeyboardInterrupt):
        run([step("start", once=False), step("load"), step("push", fails=True)], open_progress(file, "inputs"))
    log, text = run([step("start", once=False), step("load"), step("push")], open_progress(file, "inputs"))
    assert log == ["start", "push"]
    assert "2/3 Load   done before: load done" in text


def test_other_inputs_start_from_nothing(tmp_path: Path) -> None:
    file = tmp_path / "progress.json"
    run([step("load")], open_progress(file, "inputs"))
    assert open_progress(file, "inputs").done == {"load": Outcome("load done", {"n": 1})}
    assert open_progress(file, "other inputs").done == {}


def test_a_damaged_progress_file_starts_from_nothing(tmp_path: Path) -> None:
    file = tmp_path / "progress.json"
    file.write_text("{")
    assert open_progress(file, "inputs").done == {}


def test_a_new_run_removes_the_state_of_a_finished_one(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    workspace.create()
    (workspace.run / "sync.db").write_text("state")
    start_anew(workspace, Progress(workspace.progress_file, "inputs", {"load": Outcome("done")}))
    assert (workspace.run / "sync.db").exists()
    start_anew(workspace, Progress(workspace.progress_file, "inputs"))
    assert list(workspace.run.iterdir()) == []


def test_the_fingerprint_follows_the_content(tmp_path: Path) -> None:
    file = tmp_path / "spec.yml"
    file.write_text("a")
    before = fingerprint_of([file])
    file.write_text("b")
    assert fingerprint_of([file]) != before
