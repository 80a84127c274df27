"""The journal of one release: a line per step, written before the next step begins, so that a run that was killed can go on."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from clmkit.release.disk import naming
from clmkit.release.planning import JOURNAL


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was done. `package` is settings, project or rollback; `deploy_id` the org's name for a deploy."""

    name: str
    package: str = ""
    deploy_id: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True)
class Journal:
    folder: Path
    now: Callable[[], datetime] = utc_now

    def read(self) -> tuple[Step, ...]:
        """Every whole line; the last may be cut where a run was killed."""
        try:
            text = (self.folder / JOURNAL).read_text(encoding="utf-8")
        except FileNotFoundError:
            return ()
        lines = text.splitlines(keepends=True)
        return tuple(Step(**json.loads(line)) for line in lines if line.endswith("\n"))

    def write(self, name: str, package: str = "", deploy_id: str = "") -> None:
        step = {
            "name": name,
            "package": package,
            "deploy_id": deploy_id,
            "at": self.now().isoformat(timespec="seconds"),
        }
        path = self.folder / JOURNAL
        with naming(path), path.open("r+b" if path.exists() else "w+b") as file:
            file.seek(_end_of_lines(file.read()))
            file.truncate()
            file.write(json.dumps(step).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def has(self, name: str, package: str = "") -> bool:
        return any(step.name == name and step.package == package for step in self.read())

    def find_open_deploy(self, package: str) -> str:
        """The id of a deploy that was started and whose end nobody wrote down; empty when there is none."""
        steps = [step for step in self.read() if step.package == package]
        return steps[-1].deploy_id if steps and steps[-1].name == "deploying" else ""


def _end_of_lines(content: bytes) -> int:
    return content.rfind(b"\n") + 1
