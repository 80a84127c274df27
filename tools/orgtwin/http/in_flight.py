"""Which requests are being answered, and for how long: an org limits how many long ones there are at once.

Source: "API Request Limits and Allocations" (Salesforce Developer Limits and Allocations Quick Reference): requests of 20 seconds
and longer count; 5 of them in a Developer Edition org, 25 in a production org or a sandbox. When there are as many, new requests
are refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from orgtwin.errors import SalesforceError

LONG_SECONDS = 20.0
DEVELOPER_EDITION = 5


class InFlight:
    """The requests that wait for their answers. `clock` tells seconds that only go forward."""

    def __init__(self, clock: Callable[[], float], maximum: int = DEVELOPER_EDITION) -> None:
        self._clock = clock
        self.maximum = maximum
        self._since: dict[int, float] = {}
        self._last = 0

    def __len__(self) -> int:
        return len(self._since)

    @property
    def long(self) -> int:
        """How many have lasted 20 seconds or longer."""
        limit = self._clock() - LONG_SECONDS
        return sum(1 for since in self._since.values() if since <= limit)

    @contextmanager
    def one_more(self) -> Iterator[None]:
        """A request, from here to its answer. Raises REQUEST_LIMIT_EXCEEDED (403) when too many long ones are there."""
        if self.long >= self.maximum:
            text = "ConcurrentRequests (Concurrent API Requests) Limit exceeded."
            raise SalesforceError("REQUEST_LIMIT_EXCEEDED", text, status=403)
        self._last += 1
        number = self._last
        self._since[number] = self._clock()
        try:
            yield
        finally:
            del self._since[number]
