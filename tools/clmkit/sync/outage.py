"""That a system does not answer, as everybody sees it: kept in the state, so that `clmkit sync status` and `sync alerts` tell of
it, and workers that share the state wait together instead of each for itself.
"""

from __future__ import annotations

import enum
from datetime import datetime, timedelta

import msgspec

from clmkit.sync.guards import Breaker
from clmkit.sync.state import State


class Place(enum.Enum):
    """What found that nobody answers, and finds that somebody does again."""

    RUN = "outage:run"
    LOOK = "outage:look"
    BATCH = "outage:batch"


class Outage(msgspec.Struct, frozen=True):
    """`failures` in a row since a moment; nobody tries again before `until` (both ISO 8601, UTC)."""

    since: str
    failures: int
    reason: str
    until: str

    @property
    def is_open(self) -> bool:
        return self.breaker.is_open

    @property
    def breaker(self) -> Breaker:
        return Breaker(failures=self.failures)

    @property
    def words(self) -> str:
        circuit = "the circuit is open, looks are rare" if self.is_open else "the circuit is closed"
        return f"outage since {self.since}: {self.reason} {self.failures} failed in a row, {circuit}; next at {self.until}."

    def seconds_left(self, now: str) -> float:
        """Until somebody tries again; never longer than the longest pause, should the clock have been set back."""
        left = (datetime.fromisoformat(self.until) - datetime.fromisoformat(now)).total_seconds()
        return min(max(0.0, left), self.breaker.longest)


def find_outages(state: State) -> list[Outage]:
    return [outage for place in Place if (outage := find_outage(state, place)) is not None]


def find_outage(state: State, place: Place) -> Outage | None:
    kept = state.get_cursor(place.value)
    return msgspec.json.decode(kept, type=Outage) if kept else None


def note_outage(state: State, place: Place, reason: str, now: str, interval: float, chance: float) -> Outage:
    """One more failure. Returns what is known now, with a pause that is not the same for all who wait."""
    known = find_outage(state, place)
    failures = known.failures + 1 if known is not None else 1
    pause = Breaker(failures=failures).wait(interval, chance)
    until = (
        (datetime.fromisoformat(now) + timedelta(seconds=pause))
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z")
    )
    outage = Outage(known.since if known is not None else now, failures, reason, until)
    with state.transaction():
        state.put_cursor(place.value, msgspec.json.encode(outage).decode())
    return outage


def end_outage(state: State, place: Place) -> Outage | None:
    """Both systems answered. Returns what was known until now."""
    known = find_outage(state, place)
    if known is not None:
        with state.transaction():
            state.put_cursor(place.value, "")
    return known


def tell_outage(outage: Outage, now: str) -> str:
    """What is told of a failure: the first, and the one that opens the circuit; the others are no news."""
    if outage.failures == 1:
        return f"{outage.reason} The next look is in {outage.seconds_left(now):.1f} s."
    if outage.failures == outage.breaker.most:
        longest = f"{outage.breaker.longest:g} s"
        return f"{outage.reason} Nothing was answered {outage.failures} times: looks become rare, one in {longest} at last."
    return ""


def tell_end(outage: Outage, now: str) -> str:
    seconds = (datetime.fromisoformat(now) - datetime.fromisoformat(outage.since)).total_seconds()
    return f"Both systems answer again, {max(0.0, seconds):.0f} s after the first of {outage.failures} failures."
