"""What a transaction has of the server that it runs in: nobody waits for it longer than a slice, nor for ever for its end.

share = find_share(limit)      at its beginning; None outside of a server
share.let_others_in()          every PAUSE_TICKS
"""

from __future__ import annotations

from dataclasses import dataclass

from orgtwin.apex.faults import out_of_limit
from orgtwin.turns import Pausing, running_turn

PAUSE_TICKS = 5_000
REAL_TIMES = 2
"""A server ends a transaction that takes the processor for so many times its limit of CPU time, whatever the model says."""


@dataclass(frozen=True, slots=True)
class Share:
    """`latest`: how many seconds its turn may have used at most."""

    turn: Pausing
    latest: float

    def let_others_in(self) -> None:
        """Raises the uncatchable LimitException when the transaction has had the processor long enough."""
        if self.turn.busy_seconds() > self.latest:
            raise out_of_limit("Apex CPU time limit exceeded")
        self.turn.pause()


def find_share(limit: int) -> Share | None:
    """The share of a transaction that begins; its limit of CPU time is in milliseconds."""
    turn = running_turn()
    return None if turn is None else Share(turn, turn.busy_seconds() + limit * REAL_TIMES / 1000)
