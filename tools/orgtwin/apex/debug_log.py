"""The debug log of one transaction, in the platform's form: `12:00:00.0 (1500000)|USER_DEBUG|[3]|DEBUG|hello`.

The number in brackets is nanoseconds since the start, by the CPU model of transaction.py. Source: "Debug Log", "Debug Log Levels"
(Apex Developer Guide). ASSUMED: which of the events that a level allows are written; the twin writes those of EVENTS.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from orgtwin.apex.values import whole_characters

MOST_BYTES = 20_000_000  # "Debug Log Limits"
LEVELS = (
    "APEX_CODE,DEBUG;APEX_PROFILING,INFO;CALLOUT,INFO;DATA_ACCESS,INFO;DB,INFO;NBA,INFO;SYSTEM,DEBUG;VALIDATION,INFO;"
    "VISUALFORCE,INFO;WAVE,INFO;WORKFLOW,INFO"
)
EVENTS = (
    *("EXECUTION_STARTED", "EXECUTION_FINISHED", "CODE_UNIT_STARTED", "CODE_UNIT_FINISHED", "USER_INFO", "USER_DEBUG"),
    *("SOQL_EXECUTE_BEGIN", "SOQL_EXECUTE_END", "SOSL_EXECUTE_BEGIN", "SOSL_EXECUTE_END", "DML_BEGIN", "DML_END"),
    *("EXCEPTION_THROWN", "FATAL_ERROR", "CUMULATIVE_LIMIT_USAGE", "LIMIT_USAGE_FOR_NS", "CUMULATIVE_LIMIT_USAGE_END"),
)

_SHOWN_LIMITS = (
    ("Queries", "SOQL queries"),
    ("QueryRows", "query rows"),
    ("SoslQueries", "SOSL queries"),
    ("DMLStatements", "DML statements"),
    ("PublishImmediateDML", "Publish Immediate DML"),
    ("DMLRows", "DML rows"),
    ("CpuTime", "CPU time"),
    ("HeapSize", "heap size"),
    ("Callouts", "callouts"),
    ("EmailInvocations", "Email Invocations"),
    ("FutureCalls", "future calls"),
    ("QueueableJobs", "queueable jobs added to the queue"),
    ("MobilePushApexCalls", "Mobile Apex push calls"),
)


class DebugLog:
    """Collects lines until it is full; what comes after is left out, as orgs do."""

    def __init__(self, version: str, now: Callable[[], datetime], nanoseconds: Callable[[], int]) -> None:
        self._now = now
        self._nanoseconds = nanoseconds
        self.lines = [f"{version} {LEVELS}"]
        self._bytes = 0
        self._ended = self._shown = 0

    def event(self, name: str, *parts: object) -> None:
        """One line; `parts` stand between bars."""
        if self._bytes > MOST_BYTES:
            return
        moment = self._now()
        stamp = f"{moment:%H:%M:%S}.{moment.microsecond // 1000} ({self._elapsed()})"
        line = "|".join((stamp, name, *map(str, parts)))
        self._bytes += len(line) + 1
        self.lines.append(
            line if self._bytes <= MOST_BYTES else "*********** MAXIMUM DEBUG LOG SIZE REACHED ***********"
        )

    def _elapsed(self) -> int:
        """Each transaction starts the CPU clock anew; the log's goes on from where the one before ended."""
        now = self._nanoseconds()
        if now < self._shown:
            self._ended += self._shown
        self._shown = now
        return self._ended + now

    def limits(self, used: Callable[[str], tuple[int, int]]) -> None:
        """The block of limits at the end of a transaction; `used` gives use and limit by name."""
        self.event("CUMULATIVE_LIMIT_USAGE")
        rows = [f"  Number of {shown}: {used(name)[0]} out of {used(name)[1]}" for name, shown in _SHOWN_LIMITS]
        rows = [row.replace("Number of CPU time", "Maximum CPU time") for row in rows]
        rows = [row.replace("Number of heap size", "Maximum heap size") for row in rows]
        self.event("LIMIT_USAGE_FOR_NS", "(default)", "\n" + "\n".join(rows) + "\n")
        self.event("CUMULATIVE_LIMIT_USAGE_END")

    def text(self) -> str:
        return whole_characters("\n".join(self.lines)) + "\n"
