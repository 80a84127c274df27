"""A second look at what a sweep found while a sync was at work: was it wrong, or only on its way?

A row that the sync has just written is in Salesforce a moment before it is remembered: to a sweep it is an orphan, or holds wrong
values. So what was found is judged again, row by row, until it is sure. It is when nobody was at work during the look. Else when
the row's link did not move, no event of its agreement waited, and everything that was under way when the row was first found has
been settled. What never comes to rest is left undecided, and the report says so.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from clmkit.clients.transport import Sleep
from clmkit.sync.state import Link, State

PAUSES = (0.0, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds before each look."""
MOST_WAITING = 10_000


class Found(Protocol):
    """What a sweep found, of one row."""

    @property
    def object(self) -> str: ...

    @property
    def key(self) -> str: ...


F = TypeVar("F", bound=Found)


@dataclass(frozen=True, slots=True)
class Moment:
    """What moves whenever a sync does anything. `waiting` are agreements that have events, None for too many to say."""

    is_busy: bool
    written: int
    settled: int
    waiting: frozenset[str] | None

    def is_same(self, later: Moment) -> bool:
        """Whether nothing was written between the two."""
        return not (self.is_busy or later.is_busy) and self.written == later.written

    def may_touch(self, agreement_id: str, heard: int) -> bool:
        """Whether a write of the agreement may be under way; for one that is not known, of anything heard of by then."""
        if self.waiting is None or (not agreement_id and self.settled < heard):
            return self.is_busy
        return self.is_busy and agreement_id in self.waiting


def moment_of(state: State, *, is_busy: bool) -> Moment:
    waiting = state.inbox.read_waiting(MOST_WAITING)
    settled = waiting[0].sequence - 1 if waiting else state.inbox.last_sequence()
    agreements = frozenset(event.agreement_id for event in waiting) if len(waiting) < MOST_WAITING else None
    return Moment(is_busy, state.audit.last_sequence(), settled, agreements)


async def look_again(
    state: State,
    found: Sequence[F],
    judge: Callable[[str, list[str]], Awaitable[list[F]]],
    is_busy: Callable[[], bool],
    sleep: Sleep,
) -> tuple[list[F], int]:
    """What is wrong for sure, in the order found, and of how many rows that cannot be said. `judge` looks at rows of an object."""
    heard = state.inbox.last_sequence()
    places = list(dict.fromkeys((one.object, one.key) for one in found))
    unsure, sure = set(places), dict[tuple[str, str], list[F]]()
    for pause in PAUSES:
        await sleep(pause)
        links, before = _links(state, unsure), moment_of(state, is_busy=is_busy())
        again = [one for name, keys in _by_object(unsure).items() for one in await judge(name, keys)]
        after, still = moment_of(state, is_busy=is_busy()), _links(state, unsure)
        for place in [one for one in places if one in unsure]:
            link = links.get(place)
            agreement = link.agreement_id if link is not None else ""
            rests = not before.may_touch(agreement, heard) and not after.may_touch(agreement, heard)
            if before.is_same(after) or (rests and link == still.get(place)):
                sure[place] = [one for one in again if (one.object, one.key) == place]
        unsure -= sure.keys()
        if not unsure:
            break
    return [one for place in places for one in sure.get(place, ())], len(unsure)


def _links(state: State, places: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Link]:
    found = (state.find_links(name, keys) for name, keys in _by_object(places).items())
    return {(link.object, link.key): link for links in found for link in links.values()}


def _by_object(places: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    keys: dict[str, list[str]] = {}
    for name, key in sorted(places):
        keys.setdefault(name, []).append(key)
    return keys
