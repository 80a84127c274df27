"""The count of API calls in a rolling day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from orgtwin.allocations import Allocation
from orgtwin.errors import SalesforceError
from orgtwin.http.usage import ApiUsage


def test_calls_are_forgotten_after_twenty_four_hours() -> None:
    now = [datetime(2026, 3, 1, 12, tzinfo=UTC)]
    calls = Allocation(lambda: now[0], 2)
    usage = ApiUsage(calls)
    usage.count(now[0])
    now[0] += timedelta(hours=1)
    usage.count(now[0])
    with pytest.raises(SalesforceError, match=r"^REQUEST_LIMIT_EXCEEDED: TotalRequests Limit exceeded\.$"):
        usage.count(now[0])
    now[0] += timedelta(hours=23, minutes=1)
    usage.count(now[0])
    assert (calls.used, usage.header()) == (2, "api-usage=2/2")


def test_nothing_is_taken_when_there_is_not_enough_left() -> None:
    events = Allocation(lambda: datetime(2026, 3, 1, tzinfo=UTC), 10)
    assert (events.take(7), events.take(4), events.take(3)) == (True, False, True)
    assert events.remaining == 0
