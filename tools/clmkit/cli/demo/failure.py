"""What stops a run, in words: where, what, what to do next. Never shown as a traceback."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(eq=False)  # not frozen: Python writes the traceback into an exception
class StepFailed(Exception):
    """A step could not do its work. `exit_code` 2: input or surroundings; 1: the work was done and is not right."""

    what: str
    help: str
    log: Path | None = None
    exit_code: int = 2

    def __str__(self) -> str:
        return self.what


def last_lines(log: Path, count: int = 12) -> str:
    """The end of a log, for the message; empty when there is none."""
    if not log.exists():
        return ""
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-count:])
