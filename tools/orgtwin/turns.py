"""What long work asks of the server that it runs in: a pause now and then, in which others are served. http/turns.py gives it.

turn = running_turn()     of the code that asks; None outside of a server
turn.pause()              returns when it is this work's turn again
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Protocol


class Pausing(Protocol):
    """A piece of work that the server runs."""

    def is_running(self) -> bool:
        """Whether the code that asks belongs to it; a task that it has started does not."""

    def busy_seconds(self) -> float:
        """Processor time so far, without what others took in between."""

    def pause(self) -> None:
        """Others have their turn, unless this one has only begun."""


RUNNING: ContextVar[Pausing | None] = ContextVar("turn", default=None)


def running_turn() -> Pausing | None:
    """The turn of the code that asks."""
    turn = RUNNING.get()
    return turn if turn is not None and turn.is_running() else None
