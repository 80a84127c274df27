"""Where one run of the demo keeps its things, all below `build/`."""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


class WorkspaceInUse(Exception):
    """Two runs in one folder would take each other's files away."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """`run` is state (stores, cursors, secrets; mode 0700), `evidence` is what a person or an auditor takes away."""

    project: Path

    @property
    def build(self) -> Path:
        return self.project / "build"

    @property
    def run(self) -> Path:
        return self.build / "run"

    @property
    def evidence(self) -> Path:
        return self.build / "evidence"

    @property
    def logs(self) -> Path:
        return self.run / "logs"

    @property
    def cumulusci_home(self) -> Path:
        return self.run / "home"

    @property
    def org_ready_file(self) -> Path:
        return self.run / "org.json"

    @property
    def clm_ready_file(self) -> Path:
        return self.run / "clm.json"

    @property
    def progress_file(self) -> Path:
        return self.run / "progress.json"

    @property
    def summary_file(self) -> Path:
        return self.build / "summary.json"

    @contextmanager
    def held(self) -> Iterator[None]:
        """This run's alone for the block; the kernel gives it back however the process ends. Raises WorkspaceInUse."""
        self.build.mkdir(parents=True, exist_ok=True)
        with (self.build / "demo.lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise WorkspaceInUse(f"{self.build}: another clmkit demo is running here") from error
            yield

    def create(self) -> None:
        """Make the folders; the run's folder holds tokens and is for this user only."""
        for folder in (self.run, self.logs, self.evidence):
            folder.mkdir(parents=True, exist_ok=True)
        self.run.chmod(0o700)


def write_text(path: Path, text: str) -> None:
    """Write a whole file or none of it: a reader, a Ctrl-C or a full disk never leaves half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write_json(path: Path, document: object) -> None:
    """`write_text` of a document with sorted keys."""
    write_text(path, json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n")
