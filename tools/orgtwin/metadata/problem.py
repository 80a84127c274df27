"""What the org says against one component."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem, placed where the org's parser stood (line and column from 1; None where the org names no place)."""

    text: str
    line: int | None = None
    column: int | None = None


class ComponentRefused(Exception):
    """A component cannot be deployed; travels from the type's rule to the deploy, which turns it into a failure message."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text
