"""The events of an org as its journal keeps them: images of plain values, which events/keeping.py makes and reads.

The events of a commit are written in the frame of that commit, so that a kill leaves both or neither.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from orgtwin.records.transactions import Entry

Images = list[object]


def _no_events(_entries: Sequence[Entry]) -> Images:
    return []


@dataclass
class KeptEvents:
    """Between the journal and the events of one org.

    `restored` is what the journal told, in its order. Whoever makes events sets `collect`, which gives the images of what a
    transaction is about to tell, and `everything`, which gives all that a snapshot must hold.
    """

    restored: Images = field(default_factory=list)
    collect: Callable[[Sequence[Entry]], Images] = _no_events
    everything: Callable[[], Images] | None = None

    def all(self) -> Images:
        return self.restored if self.everything is None else self.everything()
