"""A finding: one thing that is wrong in a spec, with its place, its code and what to do next."""

from __future__ import annotations

import enum

import msgspec


class Severity(enum.Enum):
    """ERROR: the spec is not used. WARNING: it is used, and somebody should decide. Only errors change the exit code."""

    ERROR = "error"
    WARNING = "warning"


class Place(msgspec.Struct, frozen=True):
    """Where in a file: line and column from 1, and how many characters the caret underlines."""

    line: int
    column: int
    width: int = 1


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a report. `excerpt` is the source line, empty when there is none to show."""

    code: str
    severity: Severity
    message: str
    help: str
    file: str
    place: Place
    excerpt: str = ""

    @property
    def is_error(self) -> bool:
        return self.severity is Severity.ERROR


def in_reading_order(findings: list[Finding]) -> tuple[Finding, ...]:
    return tuple(
        sorted(
            findings,
            key=lambda finding: (finding.file, finding.place.line, finding.place.column, finding.code, finding.message),
        )
    )
