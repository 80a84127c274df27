"""What the org says against one component."""

from __future__ import annotations

from dataclasses import dataclass

from orgtwin.metadata.xml import Node


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem, placed where the org's parser stood (line and column from 1; None where the org names no place)."""

    text: str
    line: int | None = None
    column: int | None = None


class ComponentRefused(Exception):
    """A component cannot be deployed; travels from the type's rule to the deploy, which turns it into a failure message.

    `at` is the element that is wrong, where the org names its place rather than the component's.
    """

    def __init__(self, text: str, at: Node | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.at = at
