"""The event bus: everything that was published in the last 72 hours, in one order, under replay ids.

A replay id is a place in the stream: greater ids are later, and that is all a subscriber may know; ids are not contiguous
("Event Message Durability", Pub/Sub API Guide). A subscriber resumes after an id that was handed out and is still within the
retention window; any other id, one that was computed included, is refused (ASSUMED: an org may take one that lies in range).
The bus lives in memory; what an org with a data directory told before it was started again is restored into it (keeping.py).
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import timedelta

from orgtwin.events.model import Change, Event, Message
from orgtwin.organization import Clock

RETENTION = timedelta(hours=72)
MOST_EVENTS = 200_000
"""Beyond it the oldest events go early: memory is bounded. An org is bounded by its allocations instead."""
_FORGET_AT_ONCE = 1_024


class EventBus:
    """Ids begin at the time the bus was made, so that no id of an earlier bus is one of this.

    `restored` are the events of the bus that this one goes on from, `floor` the place before them.
    """

    def __init__(
        self, clock: Clock, most_events: int = MOST_EVENTS, *, restored: Sequence[Event] = (), floor: int | None = None
    ) -> None:
        self._clock = clock
        self._most = most_events
        self._ids: list[int] = [event.replay_id for event in restored]
        self._events: list[Event] = list(restored)
        begin = int(clock().timestamp()) * 1_000
        self._floor = begin if floor is None else floor
        self._start = self._last = max(begin, self._floor, *self._ids[-1:])
        self._gone = 0
        self._waiting: set[asyncio.Future[None]] = set()

    @property
    def last_id(self) -> int:
        """The tip of the stream: a subscription that starts here gets new events only."""
        return self._last

    @property
    def earliest(self) -> int:
        """The place before the oldest event that is kept."""
        self._forget_old()
        return self._floor

    def place(self, body: Change | Message) -> Event:
        """Give an event its place; it is not told yet."""
        self._last += 1 + self._last * 7 % 5
        return Event(self._last, self._clock(), body)

    def tell(self, event: Event) -> None:
        """Let an event into the stream and wake those that wait."""
        self._ids.append(event.replay_id)
        self._events.append(event)
        if len(self._ids) - self._gone > self._most:
            self._forget(self._gone + 1)
        self.wake()

    def wake(self) -> None:
        """Let those that wait look again."""
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)

    def is_issued(self, replay_id: int) -> bool:
        """Whether a subscription can resume after this id."""
        self._forget_old()
        at = bisect_left(self._ids, replay_id, self._gone)
        is_tip = replay_id == self._floor or (replay_id == self._start and replay_id >= self._floor)
        return is_tip or (at < len(self._ids) and self._ids[at] == replay_id)

    def after(self, replay_id: int, most: int) -> Sequence[Event]:
        """At most so many events that came after an id, oldest first."""
        self._forget_old()
        start = bisect_right(self._ids, replay_id, self._gone)
        return self._events[start : start + most]

    async def wait_beyond(self, replay_id: int, seconds: float) -> None:
        """Return when there is an event after this id, when somebody wakes those that wait, or when the time is over."""
        if self._last > replay_id or seconds <= 0:
            return
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.add(waiter)
        try:
            await asyncio.wait((waiter,), timeout=seconds)
        finally:
            self._waiting.discard(waiter)

    def expire(self) -> int:
        """Let every event pass out of the retention window; how many went."""
        count = len(self._ids) - self._gone
        self._forget(len(self._ids))
        if count:
            self._last += 1
            self._floor = self._last
        return count

    @property
    def kept(self) -> Sequence[Event]:
        """Every event within the retention window."""
        self._forget_old()
        return self._events[self._gone :]

    def __len__(self) -> int:
        return len(self._ids) - self._gone

    def _forget_old(self) -> None:
        limit = self._clock() - RETENTION
        gone = self._gone
        while gone < len(self._events) and self._events[gone].published_at < limit:
            gone += 1
        if gone != self._gone:
            self._forget(gone)

    def _forget(self, count: int) -> None:
        """Drop the first `count` of the lists; the last of them becomes the place before the oldest event."""
        if count <= self._gone:
            return
        self._floor = self._ids[count - 1]
        self._gone = count
        if self._gone >= _FORGET_AT_ONCE:
            del self._ids[: self._gone]
            del self._events[: self._gone]
            self._gone = 0
