"""How many API calls the org has answered in the last 24 hours.

The number is reported with every REST answer in Sforce-Limit-Info and compared with DailyApiRequests.
Source: "API Request Limits and Allocations" (Salesforce Developer Limits and Allocations Quick Reference): a rolling 24 hours.
"""

from __future__ import annotations

from datetime import datetime

from orgtwin.allocations import Allocation
from orgtwin.errors import SalesforceError


class ApiUsage:
    """The calls of a rolling day."""

    def __init__(self, calls: Allocation) -> None:
        self._calls = calls

    def count(self, moment: datetime) -> None:
        """One more call, at that moment. Raises REQUEST_LIMIT_EXCEEDED (403) when the day's calls are used up."""
        if not self._calls.take(moment=moment):
            raise SalesforceError("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", status=403)

    def header(self) -> str:
        return f"api-usage={self._calls.used_lately}/{self._calls.maximum}"
