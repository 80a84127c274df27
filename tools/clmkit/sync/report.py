"""What a run did, in figures that add up: events = pushed + unchanged + conflicts + parked, and what is left is `waiting`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

MOST_EXPLAINED = 1000
MOST_MARKED = 1000
TAKE_IN, DECIDE, SEND, COME_BACK = "take in", "decide", "send", "come back"
"""Steps: what is new kept until a round took it up; those that are marked: rows planned, written, our own write heard of again."""
BY_EVENT, BY_LOOK = "change event", "look"
"""How our own write was heard of again."""
OUTCOMES = ("pushed", "unchanged", "conflict", "parked")


class RunReport(msgspec.Struct, frozen=True):
    """Events are changes taken in from both systems. `rows_*` count Salesforce rows written, `patches` CLM agreements written.

    `echoes` is the part of `unchanged` that was our own writing coming back. `stopped` is empty, or says why the run ended early
    (`is_outage` when time alone may heal it); the events that were not settled then are `waiting` and are taken up by the next run.
    `scheduled` is the part of `waiting` that is held back until its time by its latency class.
    `explained` says which way rows went and why.
    """

    events: int
    pushed: int
    unchanged: int
    conflicts: int
    parked: int
    waiting: int
    scheduled: int
    echoes: int
    rows_created: dict[str, int]
    rows_updated: dict[str, int]
    patches: int
    parked_values: int
    parked_rows: int
    rounds: int
    api_calls_by_kind: dict[str, int]
    api_usage: str
    api_forecast: str
    explained: list[str]
    seconds: float
    stopped: str
    is_outage: bool

    @property
    def is_balanced(self) -> bool:
        return self.events == self.pushed + self.unchanged + self.conflicts + self.parked + self.waiting

    @property
    def is_clean(self) -> bool:
        return not (self.conflicts or self.parked or self.waiting > self.scheduled or self.stopped)


@dataclass(frozen=True, slots=True)
class Mark:
    """A step that a run took with an agreement, from when to when (UTC); `events` are their places in the inbox, `by` who told."""

    step: str
    agreement_id: str
    started: str
    ended: str
    events: tuple[int, ...] = ()
    by: str = ""


@dataclass(slots=True)
class Tally:
    """The figures while a run goes on."""

    events: int = 0
    echoes: int = 0
    scheduled: int = 0
    patches: int = 0
    rounds: int = 0
    stopped: str = ""
    is_outage: bool = False
    explained: list[str] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    outcomes: dict[str, int] = field(default_factory=lambda: dict.fromkeys(OUTCOMES, 0))
    rows_created: dict[str, int] = field(default_factory=dict)
    rows_updated: dict[str, int] = field(default_factory=dict)

    def mark(
        self, step: str, works: Iterable[tuple[str, Iterable[int]]], started: str, ended: str, by: str = ""
    ) -> None:
        """Note a step for traces; of a very large run only the first."""
        for agreement_id, events in works:
            if len(self.marks) == MOST_MARKED:
                return
            self.marks.append(Mark(step, agreement_id, started, ended, tuple(events), by))

    def explain(self, reason: str) -> None:
        if len(self.explained) < MOST_EXPLAINED:
            self.explained.append(reason)

    def settle(self, outcome: str, events: int) -> None:
        self.outcomes[outcome] += events

    def wrote(self, sobject: str, *, created: bool) -> None:
        counts = self.rows_created if created else self.rows_updated
        counts[sobject] = counts.get(sobject, 0) + 1
