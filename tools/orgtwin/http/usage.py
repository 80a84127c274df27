"""How many API calls the org has answered in the last 24 hours.

The number is reported with every REST answer in Sforce-Limit-Info and compared with DailyApiRequests.
Source: "API Request Limits and Allocations" (Salesforce Developer Limits and Allocations Quick Reference): a rolling 24 hours.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta

from orgtwin.errors import SalesforceError
from orgtwin.organization import Clock

_WINDOW = timedelta(hours=24)
_BUCKET_SECONDS = 60


class ApiUsage:
    """Counts calls in minutes of a rolling day."""

    def __init__(self, clock: Clock, maximum: int) -> None:
        self._clock = clock
        self.maximum = maximum
        self._buckets: deque[tuple[int, int]] = deque()
        self._used = 0

    @property
    def used(self) -> int:
        self._forget_old(self._clock())
        return self._used

    def count(self) -> None:
        """One more call. Raises REQUEST_LIMIT_EXCEEDED (403) when the day's calls are used up."""
        now = self._clock()
        self._forget_old(now)
        if self._used >= self.maximum:
            raise SalesforceError("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", status=403)
        self._used += 1
        minute = int(now.timestamp()) // _BUCKET_SECONDS
        if self._buckets and self._buckets[-1][0] == minute:
            self._buckets[-1] = (minute, self._buckets[-1][1] + 1)
        else:
            self._buckets.append((minute, 1))

    def header(self) -> str:
        return f"api-usage={self._used}/{self.maximum}"

    def _forget_old(self, now: datetime) -> None:
        oldest = int((now - _WINDOW).timestamp()) // _BUCKET_SECONDS
        while self._buckets and self._buckets[0][0] <= oldest:
            self._used -= self._buckets.popleft()[1]
