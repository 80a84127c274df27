"""Governor limits: how much one transaction may use of what, and the text of the exception that ends it.

    usage = Usage()                    of a synchronous transaction; Usage("batch", asynchronous=True) has other limits
    usage.charge("Queries")            LimitException, which no Apex catches, when it is one too many

Sources: "Execution Governors and Limits" (Apex Developer Guide), "Limits Class" (Apex Reference Guide). ASSUMED: the texts that
a row says so of, and that a Limits method that the guide marks as reserved answers 0.
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
    """One governor limit. `text` is followed by the first number that is too much; no source tells one that is assumed."""

    what: str
    synchronous: int
    asynchronous: int
    text: str
    is_assumed: bool = False


LIMITS: dict[str, Limit] = {
    "Queries": Limit("SOQL queries; those of custom metadata types are free", 100, 200, "Too many SOQL queries"),
    "QueryRows": Limit("Records that SOQL queries read", 50_000, 50_000, "Too many query rows"),
    "QueryLocatorRows": Limit(
        "Records of Database.getQueryLocator; 50 million in the start of a batch",
        10_000,
        10_000,
        "Too many query locator rows",
    ),
    "AggregateQueries": Limit(
        "Queries of children inside SOQL queries", 300, 300, "Too many aggregate queries", is_assumed=True
    ),
    "SoslQueries": Limit("SOSL queries", 20, 20, "Too many SOSL queries"),
    "DMLStatements": Limit(
        "DML statements, savepoints, rollbacks, System.runAs, events that go out with the commit",
        150,
        150,
        "Too many DML statements",
    ),
    "DMLRows": Limit(
        "Records of DML statements, Approval.process and Database.emptyRecycleBin", 10_000, 10_000, "Too many DML rows"
    ),
    "PublishImmediateDML": Limit(
        "EventBus.publish of events that go out at once", 150, 150, "Too many DML statements", is_assumed=True
    ),
    "Callouts": Limit("Callouts", 100, 100, "Too many callouts"),
    "FutureCalls": Limit("Calls of future methods", 50, 50, "Too many future calls"),
    "QueueableJobs": Limit("Calls of System.enqueueJob", 50, 1, "Too many queueable jobs added to the queue"),
    "EmailInvocations": Limit("Calls of Messaging.sendEmail", 10, 10, "Too many Email Invocations"),
    "MobilePushApexCalls": Limit(
        "Calls that send push notifications", 10, 10, "Too many mobile push Apex calls", is_assumed=True
    ),
    "CpuTime": Limit(
        "Milliseconds of CPU, by the model of transaction.py", 10_000, 60_000, "Apex CPU time limit exceeded"
    ),
    "HeapSize": Limit("Bytes of heap, by the model of heap.py", 6_000_000, 12_000_000, "Apex heap size too large"),
    "ApexCursorRows": Limit("Records of cursors", 50_000_000, 50_000_000, "Too many Apex cursor rows", is_assumed=True),
    "ApexCursors": Limit("Cursors, of a day", 10_000, 10_000, "Too many Apex cursors", is_assumed=True),
    "FetchCallsOnApexCursor": Limit(
        "Calls of Cursor.fetch", 10, 10, "Too many fetch calls on Apex cursor", is_assumed=True
    ),
    "ApexPaginationCursors": Limit("Pagination cursors", 50, 50, "Too many Apex pagination cursors", is_assumed=True),
    "ApexPaginationCursorRows": Limit(
        "Records of pagination cursors", 100_000, 100_000, "Too many Apex pagination cursor rows", is_assumed=True
    ),
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

RETIRED = {
    "ScriptStatements": 200_000,
    **dict.fromkeys(
        (
            "ChildRelationshipsDescribes",
            "FieldsDescribes",
            "FieldSetsDescribes",
            "PicklistDescribes",
            "RecordTypesDescribes",
        ),
        100,
    ),
}
"""Methods of the Limits class for limits that were taken away, and those limits, which nothing counts against: "Limits Class" of
the guide of Spring '14. ASSUMED: 0 is used.
"""

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
