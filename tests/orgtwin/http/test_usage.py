"""The count of API calls in a rolling day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from orgtwin.errors import SalesforceError
from orgtwin.http.usage import ApiUsage


def test_calls_are_forgotten_after_twenty_four_hours() -> None:
    now = [datetime(2026, 3, 1, 12, tzinfo=UTC)]
    usage = ApiUsage(lambda: now[0], 2)
    usage.count()
    now[0] += timedelta(hours=1)
    usage.count()
    with pytest.raises(SalesforceError, match=r"^REQUEST_LIMIT_EXCEEDED: TotalRequests Limit exceeded\.$"):
        usage.count()
    now[0] += timedelta(hours=23, minutes=1)
    usage.count()
    assert (usage.used, usage.header()) == (2, "api-usage=2/2")
