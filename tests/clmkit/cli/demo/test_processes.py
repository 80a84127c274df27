"""No child outlives the run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from clmkit.cli.demo.failure import StepFailed
from clmkit.cli.demo.processes import EndedServer, Processes

SERVER = """
import os, pathlib, sys, time
ready = pathlib.Path(sys.argv[1])
ready.with_suffix(".new").write_text('{"pid": %d}' % os.getpid())
ready.with_suffix(".new").rename(ready)
time.sleep(60)
"""
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)" + SERVER


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("source", [SERVER, STUBBORN], ids=["obedient", "deaf to SIGTERM"])
def test_a_server_ends_with_the_run(tmp_path: Path, source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clmkit.cli.demo.processes.STOP_WITHIN_SECONDS", 0.2)
    ready = tmp_path / "ready.json"
    with Processes() as processes:
        answer = processes.start_server([sys.executable, "-c", source, str(ready)], ready, tmp_path / "log")
        assert is_alive(int(answer["pid"]))
    assert not is_alive(int(answer["pid"]))


def test_a_server_that_ends_at_once_is_reported_with_its_last_words(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import sys; sys.exit('port 8443 is in use')"]
    with Processes() as processes, pytest.raises(StepFailed) as failure:
        processes.start_server(command, tmp_path / "ready.json", tmp_path / "log")
    assert failure.value.help == "port 8443 is in use"
    assert failure.value.what == f"{sys.executable} ended with code 1"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_an_interrupt_while_a_command_runs_ends_the_command(tmp_path: Path, number: signal.Signals) -> None:
    program = f"""
import os, sys, pathlib
from clmkit.cli.demo.processes import EndedServer, Processes
with Processes() as processes:
    processes.run([sys.executable, "-c", {SERVER!r}, {str(tmp_path / "ready.json")!r}],
        cwd=pathlib.Path("."), env=dict(os.environ), log=pathlib.Path({str(tmp_path / "log")!r}))
"""
    parent = subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.DEVNULL)
    ready = tmp_path / "ready.json"
    deadline = time.monotonic() + 20
    while not ready.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    child = int(ready.read_text().split(":")[1].strip(" }"))
    parent.send_signal(number)
    parent.wait(10)
    assert not is_alive(child)


def test_a_server_that_died_is_named_with_its_code_and_its_log(tmp_path: Path) -> None:
    ready, log = tmp_path / "ready.json", tmp_path / "log"
    with Processes() as processes:
        answer = processes.start_server([sys.executable, "-c", SERVER, str(ready)], ready, log)
        assert processes.find_ended_server() is None
        os.kill(int(answer["pid"]), signal.SIGKILL)
        processes.running[0].wait(10)
        assert processes.find_ended_server() == EndedServer(Path(sys.executable).name, -signal.SIGKILL, log)
