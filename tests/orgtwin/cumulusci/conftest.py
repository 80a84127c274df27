"""CumulusCI, unmodified, as its own processes: fresh HOME, its key chain, our certificate, a project of its own, no Node."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from orgtwin.http.client_commands import environment
from orgtwin.http.ready import ReadyFile
from orgtwin.pytest_plugin import org_twin, org_twin_process

__all__ = ["org_twin", "org_twin_process"]

_CCI = Path(sys.executable).with_name("cci")
_SECONDS = 120


class Project:
    """The project beside this file in a folder of its own, pointed at a running twin."""

    def __init__(self, folder: Path, ready: ReadyFile) -> None:
        home = folder / "home"
        (home / ".cumulusci").mkdir(parents=True)
        # A time in the far future: CumulusCI looks for newer versions of itself after it.
        (home / ".cumulusci" / "cumulus_timestamp").write_text("9999999999")
        self.folder = Path(shutil.copytree(Path(__file__).parent / "project", folder / "project"))
        for part in (".git/objects", ".git/refs"):
            (self.folder / part).mkdir(parents=True)
        (self.folder / ".git/HEAD").write_text("ref: refs/heads/main\n")
        (self.folder / ".git/config").write_text("[core]\n\trepositoryformatversion = 0\n")
        self._environment = {
            "HOME": str(home),
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "COLUMNS": "200",
            **environment(ready),
        }
        self._ready = ready

    def run(self, command: str, *more: str) -> str:
        """What cci said; fails the test when it did not end well. `more` are arguments that hold spaces."""
        arguments = [str(_CCI), *command.split(), *more, "--org", "twin"]
        done = subprocess.run(
            arguments,
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        said = done.stdout + done.stderr
        assert done.returncode == 0, said
        return said

    def rows(self, text: str) -> list[dict[str, Any]]:
        """What is in the org, asked without cci, each of whose processes takes seconds."""
        ready = self._ready
        url = f"{ready.http_url}/services/data/v{ready.api_version}/query?q={quote(text)}"
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {ready.access_token}"})
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:
            records: list[dict[str, Any]] = json.loads(answer.read())["records"]
        return [{name: value for name, value in row.items() if name != "attributes"} for row in records]

    def query(self, text: str, name: str) -> list[dict[str, str]]:
        self.run(f"task run query --object {name} --result_file out.csv --query", text)
        with (self.folder / "out.csv").open(newline="") as file:
            return list(csv.DictReader(file))


@pytest.fixture
def project(tmp_path: Path, org_twin: ReadyFile) -> Project:
    return Project(tmp_path, org_twin)
