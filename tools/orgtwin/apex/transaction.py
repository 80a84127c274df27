"""One transaction: what it has used of each governor limit, what it has queued, what the test runner wants of it.

Source: "Execution Governors and Limits" (Apex Developer Guide). CPU time is modelled, so that runs repeat exactly: every loop turn,
call and statement block costs ticks; TICKS_PER_MILLISECOND of them are one millisecond of CPU.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from orgtwin.apex.cron import Cron
from orgtwin.apex.faults import out_of_limit

TICKS_PER_MILLISECOND = 500
CALL_TICKS = 5
MAX_STACK_DEPTH = 1000
MAX_TRIGGER_DEPTH = 16


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
    "AggregateQueries": Limit(300, 300, "Too many aggregate queries"),
    "SoslQueries": Limit(20, 20, "Too many SOSL queries"),
    "DmlStatements": Limit(150, 150, "Too many DML statements"),
    "DmlRows": Limit(10_000, 10_000, "Too many DML rows"),
    "PublishImmediateDml": Limit(150, 150, "Too many DML statements"),
    "Callouts": Limit(100, 100, "Too many callouts"),
    "FutureCalls": Limit(50, 0, "Too many future calls"),
    "QueueableJobs": Limit(50, 1, "Too many queueable jobs added to the queue"),
    "EmailInvocations": Limit(10, 10, "Too many Email Invocations"),
    "MobilePushApexCalls": Limit(10, 10, "Too many mobile push Apex calls"),
    "CpuTime": Limit(10_000, 60_000, "Apex CPU time limit exceeded"),
    "HeapSize": Limit(6_000_000, 12_000_000, "Apex heap size too large"),
    "Savepoints": Limit(150, 150, "Too many DML statements"),
}


class Usage:
    """What has been used; the test runner swaps a fresh one in at Test.startTest."""

    __slots__ = ("asynchronous", "used")

    def __init__(self, *, asynchronous: bool = False) -> None:
        self.used: dict[str, int] = dict.fromkeys(LIMITS, 0)
        self.asynchronous = asynchronous

    def limit(self, name: str) -> int:
        row = LIMITS[name]
        return row.asynchronous if self.asynchronous else row.synchronous

    def charge(self, name: str, amount: int = 1) -> None:
        """Use some of a limit. Raises the uncatchable LimitException when it is exceeded."""
        used = self.used[name] = self.used[name] + amount
        limit = self.limit(name)
        if used > limit:
            raise out_of_limit(f"{LIMITS[name].text}: {max(limit + 1, used) if amount > 1 else limit + 1}")


@dataclass(slots=True)
class Job:
    """Something to be run later in its own transaction: future, queueable, batch, scheduled."""

    kind: str
    job_id: str
    name: str
    run: Callable[[], None]
    due: datetime | None = None  # of a scheduled job: when it runs first
    cron: Cron | None = None


@dataclass
class Transaction:
    """The state of one transaction."""

    usage: Usage = field(default_factory=Usage)
    asynchronous: bool = False
    kind: str = "synchronous"  # synchronous, future, queueable, batch, schedulable
    jobs: list[Job] = field(default_factory=list)
    events: list[Any] = field(default_factory=list)
    trigger_depth: int = 0
    savepoints: list[Any] = field(default_factory=list)
    ticks: int = 0
    queueable_depth: int = 0
    dml_since_callout: bool = False
    first_written: tuple[str, bool] | None = None  # the first object that was written, and whether it is a setup object
    rest: dict[str, Any] = field(default_factory=dict)
