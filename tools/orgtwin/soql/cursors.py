"""Open cursors: the rest of a result, asked for batch by batch.

A locator is the cursor's id and the row the batch begins at: `0r8TW00000000001AAA-2000`. It is good for two days. Each user may
hold ten cursors open; the oldest makes room. Source: "Query" and "QueryMore" (REST API Developer Guide), "queryMore()" (SOAP API
Developer Guide), "INVALID_QUERY_LOCATOR error" (Salesforce Help 000384958) for the prefix and the two days.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from orgtwin.errors import SalesforceError
from orgtwin.ids import IdSequence
from orgtwin.organization import Clock
from orgtwin.soql.rows import QueryResult

KEY_PREFIX = "0r8"
_LIVES_FOR = timedelta(days=2)
MOST_PER_USER = 10
SMALLEST_BATCH = 200
LARGEST_BATCH = 2000


@dataclass(frozen=True, slots=True)
class Cursor:
    user_id: str
    result: QueryResult
    batch_size: int
    opened_at: datetime


def batch_size_of(asked: int | None) -> int:
    """The batch size for a client's batchSize: 200 to 2,000, which is the default."""
    return LARGEST_BATCH if asked is None else min(max(asked, SMALLEST_BATCH), LARGEST_BATCH)


class Cursors:
    """The open cursors of an org."""

    def __init__(self, ids: IdSequence, clock: Clock) -> None:
        self._ids = ids
        self._clock = clock
        self._open: OrderedDict[str, Cursor] = OrderedDict()

    def open(self, user_id: str, result: QueryResult, batch_size: int) -> str:
        """Keep a result whose first batch is answered; returns the cursor's id."""
        own = [cursor_id for cursor_id, cursor in self._open.items() if cursor.user_id == user_id]
        for cursor_id in own[: max(0, len(own) - MOST_PER_USER + 1)]:
            self._close(cursor_id)
        cursor_id = self._ids.next_id(KEY_PREFIX)
        self._open[cursor_id] = Cursor(user_id, result, batch_size, self._clock())
        return cursor_id

    def _close(self, cursor_id: str) -> None:
        del self._open[cursor_id]

    def get(self, user_id: str, locator: str) -> tuple[str, Cursor, int]:
        """The cursor's id, the cursor and the row a locator stands for. Raises INVALID_QUERY_LOCATOR."""
        cursor_id, _, start = locator.partition("-")
        cursor = self._open.get(cursor_id)
        if cursor is None or cursor.user_id != user_id or not start.isdecimal():
            raise SalesforceError("INVALID_QUERY_LOCATOR", "invalid query locator")
        if int(start) > len(cursor.result.selected) or self._clock() - cursor.opened_at > _LIVES_FOR:
            raise SalesforceError("INVALID_QUERY_LOCATOR", "invalid query locator")
        return cursor_id, cursor, int(start)
