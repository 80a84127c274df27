"""What an org may use up in an hour or a day, and how much of it is used.

Sources: "API Request Limits and Allocations", "Bulk API and Bulk API 2.0 Limits and Allocations" (Salesforce Developer Limits and
Allocations Quick Reference), "Platform Event Allocations" (Platform Events Developer Guide). The maxima are those of a Developer
Edition org. Names are those of the REST resource Limits.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

import msgspec

from orgtwin.organization import Clock

API_REQUESTS = "DailyApiRequests"
BULK_BATCHES = "DailyBulkApiBatches"
BULK_QUERIES = "DailyBulkV2QueryJobs"
DELIVERED_EVENTS = "DailyDeliveredPlatformEvents"
PUBLISHED_EVENTS = "HourlyPublishedPlatformEvents"

_HOUR, _DAY = 60, 24 * 60
_ROWS: Mapping[str, tuple[int, int]] = {
    API_REQUESTS: (15_000, _DAY),
    BULK_BATCHES: (15_000, _DAY),
    BULK_QUERIES: (10_000, _DAY),
    DELIVERED_EVENTS: (10_000, _DAY),
    PUBLISHED_EVENTS: (50_000, _HOUR),
}
_BUCKET_SECONDS = 60
_NEVER = datetime.max.replace(tzinfo=UTC)


class Used(msgspec.Struct, frozen=True):
    """An Allocation at one moment, for a snapshot: (minute since 1970, number) for each that counts."""

    maximum: int
    minutes: list[tuple[int, int]]


class Allocation:
    """A number of things in a rolling span, counted in minutes."""

    def __init__(self, clock: Clock, maximum: int, minutes: int = _DAY) -> None:
        self.maximum = maximum
        self.used_lately = 0  # as `used`, without looking whether some of it is forgotten by now
        self._clock = clock
        self._minutes = minutes
        self._buckets: deque[list[int]] = deque()
        self._minute_began = self._minute_ends = _NEVER

    @property
    def used(self) -> int:
        self._forget_old(_minute(self._clock()))
        return self.used_lately

    @property
    def remaining(self) -> int:
        return max(0, self.maximum - self.used)

    def take(self, number: int = 1, moment: datetime | None = None) -> bool:
        """Use up so many more, or, when there are not as many left, none; false then. `moment` None: now."""
        now = self._clock() if moment is None else moment
        if not self._buckets or not self._minute_began <= now < self._minute_ends:
            self._begin_minute(now)
        if self.used_lately + number > self.maximum:
            return False
        self.used_lately += number
        self._buckets[-1][1] += number
        return True

    def image(self) -> Used:
        """What was used, minute by minute, and the maximum."""
        return Used(self.maximum, [(minute, number) for minute, number in self._buckets])

    def restore(self, image: Used) -> None:
        self.maximum = image.maximum
        self._buckets = deque([minute, number] for minute, number in image.minutes)
        self.used_lately = sum(number for _minute, number in image.minutes)
        self._minute_began = self._minute_ends = _NEVER

    def _begin_minute(self, now: datetime) -> None:
        minute = _minute(now)
        self._forget_old(minute)
        if not self._buckets or self._buckets[-1][0] != minute:
            self._buckets.append([minute, 0])
        self._minute_began = now.replace(second=0, microsecond=0)
        self._minute_ends = self._minute_began + timedelta(seconds=_BUCKET_SECONDS)

    def _forget_old(self, minute: int) -> None:
        while self._buckets and self._buckets[0][0] <= minute - self._minutes:
            self.used_lately -= self._buckets.popleft()[1]


def _minute(moment: datetime) -> int:
    return int(moment.timestamp()) // _BUCKET_SECONDS


class Allocations:
    """All that the twin counts, by name."""

    def __init__(self, clock: Clock) -> None:
        self._by_name = {name: Allocation(clock, maximum, minutes) for name, (maximum, minutes) in _ROWS.items()}

    def __getitem__(self, name: str) -> Allocation:
        return self._by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def images(self) -> dict[str, Used]:
        return {name: allocation.image() for name, allocation in self._by_name.items()}

    def restore(self, images: Mapping[str, Used]) -> None:
        for name, image in images.items():
            self._by_name[name].restore(image)
