"""How many API calls the org has answered in the last 24 hours.

The number is reported with every REST answer in Sforce-Limit-Info and compared with DailyApiRequests.
Source: "API Request Limits and Allocations" (Salesforce Developer Limits and Allocations Quick Reference): a rolling 24 hours.
"""

from __future__ import annotations

from collections import deque

from orgtwin.errors import SalesforceError
from orgtwin.organization import Clock

_BUCKET_SECONDS = 60
_WINDOW_MINUTES = 24 * 60


class ApiUsage:
    """Counts calls in minutes of a rolling day."""

    def __init__(self, clock: Clock, maximum: int) -> None:
        self._clock = clock
        self.maximum = maximum
        self._buckets: deque[list[int]] = deque()
        self._used = 0

    @property
    def used(self) -> int:
        self._forget_old(self._minute())
        return self._used

    def count(self) -> None:
        """One more call. Raises REQUEST_LIMIT_EXCEEDED (403) when the day's calls are used up."""
        minute = self._minute()
        buckets = self._buckets
        if not buckets or buckets[-1][0] != minute:
            self._forget_old(minute)
            buckets.append([minute, 0])
        if self._used >= self.maximum:
            raise SalesforceError("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", status=403)
        self._used += 1
        buckets[-1][1] += 1

    def _minute(self) -> int:
        return int(self._clock().timestamp()) // _BUCKET_SECONDS

    def header(self) -> str:
        return f"api-usage={self._used}/{self.maximum}"

    def _forget_old(self, minute: int) -> None:
        while self._buckets and self._buckets[0][0] <= minute - _WINDOW_MINUTES:
            self._used -= self._buckets.popleft()[1]
