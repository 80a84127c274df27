"""Whether what a state says of its events adds up, read from its tables alone and not by the code that writes them."""

from __future__ import annotations

from clmkit.sync.audit import find_break
from clmkit.sync.state import State

_SUMS = """
SELECT (SELECT count(*) FROM event), (SELECT coalesce(max(sequence), 0) FROM event),
  (SELECT count(DISTINCT event_id) FROM event),
  (SELECT CAST(coalesce(sum(last - first + 1), 0) AS INTEGER) FROM settlement),
  (SELECT count(*) FROM event WHERE NOT EXISTS (SELECT 1 FROM settlement WHERE sequence BETWEEN first AND last)),
  (SELECT count(*) FROM settlement one JOIN settlement other ON one.first < other.first AND other.first <= one.last)
"""
"""One statement, so that one moment is seen: a killed worker's last commit may still be on its way."""


def count_events(state: State) -> int:
    return int(state.database.execute("SELECT count(*) FROM event")[0][0] or 0)


def find_unsound(state: State) -> list[str]:
    """What does not add up: every event is there once and has one outcome, or waits; the audit chain is whole."""
    events, last, ids, settled, waiting, overlaps = (int(one or 0) for one in state.database.execute(_SUMS)[0])
    broken = find_break(state.read_audit())
    unsound = {
        f"{events} events in {last} places": events != last,
        f"{events} events with {ids} ids": events != ids,
        f"{events} events in, {settled} settled and {waiting} waiting": events != settled + waiting,
        f"{overlaps} events have two outcomes": overlaps,
        f"the audit chain is broken at {broken}": broken,
    }
    return [words for words, is_so in unsound.items() if is_so]
