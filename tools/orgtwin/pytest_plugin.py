"""pytest fixtures of the org twin. A test suite asks for them with `pytest_plugins = ["orgtwin.pytest_plugin"]`.

org_twin_process   one `orgtwin serve` for the whole session, with a ready file (http, https, CA bundle, tokens)
org_twin           the same, made new again before each test
org_twin_client    an org in this process and a client without sockets, new for each test
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from orgtwin.http.app import Application
from orgtwin.http.client_commands import call_admin
from orgtwin.http.in_process import InProcess
from orgtwin.http.ready import ReadyFile, read_ready
from orgtwin.http.start import start_twin
from orgtwin.http.surfaces import ROUTES

_START_SECONDS = 60
_STOP_SECONDS = 10
_LOOK_AGAIN_SECONDS = 0.02


class TwinDidNotStart(Exception):
    """`orgtwin serve` ended or took too long; the message holds what it said."""


def start_process(ready_file: Path, *options: str) -> subprocess.Popen[str]:
    """`orgtwin serve` as its own process, accepting connections when this returns; it ends with this process at the latest.

    Raises TwinDidNotStart.
    """
    serve = ("serve", "--until-stdin-closes", "--ready-file", str(ready_file))
    command = [sys.executable, "-m", "orgtwin", *serve, *options]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    deadline = time.monotonic() + _START_SECONDS
    while not ready_file.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            said, _ = process.communicate()
            raise TwinDidNotStart(f"{' '.join(command)}\n{said}")
        time.sleep(_LOOK_AGAIN_SECONDS)
    return process


def stop_process(process: subprocess.Popen[str]) -> int:
    """SIGTERM, then wait; the exit code."""
    process.terminate()
    process.communicate(timeout=_STOP_SECONDS)
    return process.returncode


@pytest.fixture(scope="session")
def org_twin_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReadyFile]:
    """One running twin for all tests of this session; what one test saves the next one sees."""
    ready_file = tmp_path_factory.mktemp("orgtwin") / "ready.json"
    process = start_process(ready_file)
    yield read_ready(ready_file)
    stop_process(process)


@pytest.fixture
def org_twin(org_twin_process: ReadyFile) -> ReadyFile:
    """A running twin whose org is new: nothing deployed, nothing saved, no fault armed."""
    call_admin(org_twin_process, "POST", "reset")
    return org_twin_process


@pytest.fixture
def org_twin_client() -> Iterator[InProcess]:
    """The administrator of a new org, without sockets."""
    started = start_twin()
    yield InProcess(Application(started.twin, ROUTES), started.access_token)
    started.twin.house.close()
