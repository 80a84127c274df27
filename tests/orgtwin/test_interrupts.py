"""Ctrl-C and SIGTERM end the command line with the exit code a shell tells, without a trace and without processes left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from click.testing import CliRunner

from orgtwin.apex.project_runs import Listener, NotRun, RunRequest, run_parts
from orgtwin.cli import main

WHILE_IMPORTING = "end_at_once(); os.kill(os.getpid(), signal.SIGINT); time.sleep(60)"
WHILE_RUNNING = "end_at_once(); raise_interrupts(); os.kill(os.getpid(), signal.SIGTERM); time.sleep(60)"


@pytest.mark.parametrize(("program", "code"), [(WHILE_IMPORTING, 130), (WHILE_RUNNING, 143)])
def test_a_signal_ends_the_process_without_a_trace(program: str, code: int) -> None:
    source = f"import os, signal, time\nfrom orgtwin.interrupts import end_at_once, raise_interrupts\n{program}"
    ended = subprocess.run([sys.executable, "-c", source], capture_output=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (code, b"", b"")


def test_ctrl_c_in_any_command_is_exit_code_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(name: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("importlib.import_module", interrupted)
    ended = CliRunner().invoke(main, ["apex", "test", "."])
    assert (ended.exit_code, ended.output) == (130, "")


def tell_what_was_heard(request: RunRequest, part: int, pipe: Connection) -> None:
    """A test process whose group gets Ctrl-C."""
    try:
        os.kill(os.getpid(), signal.SIGINT)
    except KeyboardInterrupt:
        pipe.send(NotRun("heard Ctrl-C"))
    pipe.send(NotRun("heard nothing"))


def test_a_test_process_leaves_ctrl_c_to_the_first_one() -> None:
    with pytest.raises(NotRun, match="heard nothing"):
        run_parts(RunRequest(Path(), jobs=2), Listener(), worker=tell_what_was_heard)
