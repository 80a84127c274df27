"""Governor limits: how much one transaction may use of what, and the text of the exception that ends it.

    usage = Usage()                    of a synchronous transaction; Usage("batch", asynchronous=True) has other limits
    usage.charge("Queries")            LimitException, which no Apex catches, when it is one too many

Sources: "Execution Governors and Limits" (Apex Developer Guide), "Limits Class" (Apex Reference Guide). ASSUMED: the texts behind
`# ASSUMED`, and that a Limits method that the guide marks as reserved answers 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from orgtwin.apex.faults import out_of_limit

MAX_STACK_DEPTH = 1000
MAX_TRIGGER_DEPTH = 16
MAX_CALLOUT_MILLISECONDS = 120_000
"""Of one callout, and of all callouts of a transaction together."""

TOO_DEEP = f"Maximum stack depth reached: {MAX_STACK_DEPTH + 1}"
TOO_LARGE = "Apex heap size too large"
TOO_MANY_TRIGGERS = "maximum trigger depth exceeded"


@dataclass(frozen=True, slots=True)
class Limit:
    """One governor limit. `text` is followed by the first number that is too much."""

    synchronous: int
    asynchronous: int
    text: str


LIMITS: dict[str, Limit] = {
    "Queries": Limit(100, 200, "Too many SOQL queries"),
    "QueryRows": Limit(50_000, 50_000, "Too many query rows"),
    "QueryLocatorRows": Limit(10_000, 10_000, "Too many query locator rows"),
    "AggregateQueries": Limit(300, 300, "Too many aggregate queries"),  # ASSUMED
    "SoslQueries": Limit(20, 20, "Too many SOSL queries"),
    "DMLStatements": Limit(150, 150, "Too many DML statements"),
    "DMLRows": Limit(10_000, 10_000, "Too many DML rows"),
    "PublishImmediateDML": Limit(150, 150, "Too many DML statements"),  # ASSUMED
    "Callouts": Limit(100, 100, "Too many callouts"),
    "FutureCalls": Limit(50, 50, "Too many future calls"),
    "QueueableJobs": Limit(50, 1, "Too many queueable jobs added to the queue"),
    "EmailInvocations": Limit(10, 10, "Too many Email Invocations"),
    "MobilePushApexCalls": Limit(10, 10, "Too many mobile push Apex calls"),  # ASSUMED
    "CpuTime": Limit(10_000, 60_000, "Apex CPU time limit exceeded"),
    "HeapSize": Limit(6_000_000, 12_000_000, "Apex heap size too large"),
    "ApexCursorRows": Limit(50_000_000, 50_000_000, "Too many Apex cursor rows"),  # ASSUMED
    "ApexCursors": Limit(10_000, 10_000, "Too many Apex cursors"),  # ASSUMED; of a day
    "FetchCallsOnApexCursor": Limit(10, 10, "Too many fetch calls on Apex cursor"),  # ASSUMED
    "ApexPaginationCursors": Limit(50, 50, "Too many Apex pagination cursors"),  # ASSUMED
    "ApexPaginationCursorRows": Limit(100_000, 100_000, "Too many Apex pagination cursor rows"),  # ASSUMED
}
SAME_AS: Mapping[str, str] = {
    "FindSimilarCalls": "SoslQueries",
    "RunAs": "DMLStatements",
    "SavepointRollbacks": "DMLStatements",
    "Savepoints": "DMLStatements",
}
"""Methods of the Limits class that are deprecated and answer with another's numbers."""
RESERVED = ("AsyncCalls", "DatabaseTime")
"""Methods of the Limits class "for future use". ASSUMED: so is the retired time in the database, which no limit counts."""

BULK = "bulk"
"""The kind of a transaction of Bulk API and Bulk API 2.0: "the effective limit is the higher" of both."""
_WITHOUT_FUTURE = ("future", "batch")
_AS_SYNCHRONOUS = ("schedulable",)
"""Asynchronous, "synchronous limits apply" nevertheless."""


class Usage:
    """What a transaction of some kind has used; Test.startTest swaps a fresh one in."""

    __slots__ = ("kind", "used")

    def __init__(self, kind: str = "synchronous", *, asynchronous: bool = False) -> None:
        self.used: dict[str, int] = dict.fromkeys(LIMITS, 0)
        self.kind = kind if kind == BULK or (asynchronous and kind not in _AS_SYNCHRONOUS) else "synchronous"

    def limit(self, name: str) -> int:
        row = LIMITS[name]
        if name == "FutureCalls" and self.kind in _WITHOUT_FUTURE:
            return 0
        if self.kind == BULK:
            return max(row.synchronous, row.asynchronous)
        return row.synchronous if self.kind == "synchronous" else row.asynchronous

    def charge(self, name: str, amount: int = 1) -> None:
        """Use some of a limit. Raises the uncatchable LimitException when it is exceeded."""
        used = self.used[name] = self.used[name] + amount
        limit = self.limit(name)
        if used > limit:
            raise out_of_limit(f"{LIMITS[name].text}: {max(limit + 1, used) if amount > 1 else limit + 1}")
