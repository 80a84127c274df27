"""How a statement ends."""

from __future__ import annotations

from typing import NamedTuple

from orgtwin.apex.values import Run, Value

BREAK, CONTINUE, RETURN = 1, 2, 3
Signal = Value
"""None, or one of the three; a Value because a closure gives either a value or a signal."""


class Step(NamedTuple):
    """A statement's closure; `ends` when control never passes it, `trails` when its own last statement is never reached."""

    run: Run
    ends: bool
    trails: bool = False
