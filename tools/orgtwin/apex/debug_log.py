"""The debug log of one transaction, in the platform's form: `12:00:00.0 (1500000)|USER_DEBUG|[3]|DEBUG|hello`.

    log = DebugLog("66.0", levels, Clock(now, nanoseconds))
    log.event("STATEMENT_EXECUTE", "[3]")       a line, if the levels in force ask for it

The number in brackets is nanoseconds since the start, by the CPU model of transaction.py. Source: "Debug Log", "Debug Log Limits"
(Apex Developer Guide); "Debug Log Filtering for Apex Classes and Apex Triggers" (Salesforce Help). The table of events and what is
not written: log_levels.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple

from orgtwin.apex.log_levels import DEFAULT, Levels
from orgtwin.apex.log_profile import Profile
from orgtwin.apex.log_values import ShownValues
from orgtwin.apex.values import whole_characters

MOST_BYTES = 20_000_000
_DETAILED = ("STATEMENT_EXECUTE", "HEAP_ALLOCATE", "VARIABLE_SCOPE_BEGIN", "VARIABLE_ASSIGNMENT")
_FULL = "*********** MAXIMUM DEBUG LOG SIZE REACHED ***********"

_SHOWN_LIMITS = (
    ("Queries", "Number of SOQL queries"),
    ("QueryRows", "Number of query rows"),
    ("SoslQueries", "Number of SOSL queries"),
    ("DMLStatements", "Number of DML statements"),
    ("PublishImmediateDML", "Number of Publish Immediate DML"),
    ("DMLRows", "Number of DML rows"),
    ("CpuTime", "Maximum CPU time"),
    ("HeapSize", "Maximum heap size"),
    ("Callouts", "Number of callouts"),
    ("EmailInvocations", "Number of Email Invocations"),
    ("FutureCalls", "Number of future calls"),
    ("QueueableJobs", "Number of queueable jobs added to the queue"),
    ("MobilePushApexCalls", "Number of Mobile Apex push calls"),
)
Used = Callable[[str], tuple[int, int]]
"""Use and limit, by the name of a limit."""


class Clock(NamedTuple):
    """The time where the user is, and the CPU time of the transaction."""

    now: Callable[[], datetime]
    nanoseconds: Callable[[], int]


class Traced(NamedTuple):
    """A class or trigger with levels of its own: a TraceFlag of CLASS_TRACING."""

    name: str
    source_id: str
    levels: Levels


class DebugLog:
    """Collects lines. `traced`: classes and triggers with levels of their own, by name in lower case."""

    def __init__(
        self, version: str, clock: Clock, levels: Levels = DEFAULT, traced: Mapping[str, Traced] | None = None
    ) -> None:
        self._clock = clock
        self.traced = traced or {}
        self.levels = levels
        self._written = levels.written()
        self.lines = [f"{version} {levels.shown()}"]
        self.values = ShownValues()
        self.profile = Profile()
        self.mode: bool | None = None
        self.units = 0  # code units that have begun and not ended
        self.status = "Success"  # or the message of what ended the code
        self._bytes = self._skipped_at = 0
        self._is_full = False
        self._ended = self._shown = 0

    def event(self, name: str, *parts: object) -> None:
        """One line; `parts` stand between bars."""
        if name in self._written:
            self._write(name, parts)

    def began(self, name: str, *parts: object) -> int:
        """The first of two lines; gives when that was."""
        self.event(name, *parts)
        return self.elapsed()

    def message(self, where: str, level: str, text: str) -> None:
        """System.debug."""
        if self.levels.writes_debug(level):
            self._write("USER_DEBUG", (where, level, text))

    def note(self, line: str) -> None:
        """A line that is no event."""
        self._add(line)

    def _write(self, name: str, parts: tuple[object, ...]) -> None:
        if self._skipped_at and name in _DETAILED:
            return
        moment = self._clock.now()
        stamp = f"{moment:%H:%M:%S}.{moment.microsecond // 1000} ({self.elapsed()})"
        self._add("|".join((stamp, name, *map(str, parts))))

    def _add(self, line: str) -> None:
        """A log that grows too large loses its detailed lines; what does not fit then is left out.

        The texts are those of recorded logs. ASSUMED: which lines go first, and that it happens once.
        """
        if self._is_full:
            return
        self._bytes += len(line) + 1
        if self._bytes > MOST_BYTES and not self._skipped_at:
            self._skip_details()
        if self._bytes > MOST_BYTES:
            self._is_full = True
            line = _FULL
        self.lines.append(line)

    def _skip_details(self) -> None:
        kept: list[str] = []
        skipped = 0
        for line in self.lines:
            name = line.partition("|")[2].partition("|")[0]
            if name in _DETAILED:
                skipped += len(line) + 1
                self._skipped_at = self._skipped_at or len(kept)
            else:
                kept.append(line)
        if skipped:
            kept.insert(self._skipped_at, f"*** Skipped {skipped} bytes of detailed log")
            self.lines = kept
            self._bytes -= skipped
        self._skipped_at = self._skipped_at or 1

    def elapsed(self) -> int:
        """Each transaction starts the CPU clock anew; the log's goes on from where the one before ended."""
        now = self._clock.nanoseconds()
        if now < self._shown:
            self._ended += self._shown
        self._shown = now
        return self._ended + now

    # What surrounds the lines

    @contextmanager
    def unit(self, started: tuple[object, ...], finished: tuple[object, ...]) -> Iterator[None]:
        """A code unit: what stands behind the bars of its first and of its last line."""
        self.event("CODE_UNIT_STARTED", "[EXTERNAL]", *started)
        self.units += 1
        mode, self.mode = self.mode, None
        try:
            yield
        finally:
            self.mode = mode
            self.units -= 1
            self.event("CODE_UNIT_FINISHED", *finished)

    @contextmanager
    def inside(self, name: str, where: str) -> Iterator[None]:
        """Code of a class or trigger that may have levels of its own; what it calls has them too."""
        found = self.traced.get(name)
        if found is None:
            yield
            return
        before, written = self.levels, self._written
        self.levels, self._written = found.levels, found.levels.written()
        self.event("PUSH_TRACE_FLAGS", where, found.source_id, found.name, found.levels.shown())
        try:
            yield
        finally:
            self.levels, self._written = before, written
            self.event("POP_TRACE_FLAGS", where, found.source_id, found.name, before.shown())

    @contextmanager
    def mode_of(self, sharing: str | None) -> Iterator[None]:
        """Code that says whether sharing binds it. ASSUMED from recorded logs: told where it is another than that of the caller."""
        mode = _MODES.get(sharing or "")
        if mode is None or mode is self.mode:
            yield
            return
        before, self.mode = self.mode, mode
        shown = str(mode).lower()
        self.event("SYSTEM_MODE_ENTER", shown)
        try:
            yield
        finally:
            self.mode = before
            self.event("SYSTEM_MODE_EXIT", shown)

    def limits(self, used: Used, in_test: Used | None = None) -> None:
        """The block of limits at the end of a code unit. `in_test`: what ran between startTest and stopTest."""
        self.event("CUMULATIVE_LIMIT_USAGE")
        self._limits_of(used)
        if in_test is not None:
            self.event("TESTING_LIMITS")
            self._limits_of(in_test)
        self.event("TOTAL_EMAIL_RECIPIENTS_QUEUED", used("EmailInvocations")[0])
        self.event("CUMULATIVE_LIMIT_USAGE_END", "")
        if self.lines[-1].endswith("CUMULATIVE_LIMIT_USAGE_END|"):
            self.lines[-1] = self.lines[-1].removesuffix("|") + "\n"

    def _limits_of(self, used: Used) -> None:
        rows = [f"  {shown}: {_use(*used(name))}\n" for name, shown in _SHOWN_LIMITS]
        self.event("LIMIT_USAGE_FOR_NS", "(default)", "\n" + "".join(rows))

    def finish(self) -> str:
        """The last lines, and the text."""
        self.event("EXECUTION_FINISHED")
        if "CUMULATIVE_PROFILING" in self._written:
            self.event("CUMULATIVE_PROFILING_BEGIN")
            for part in self.profile.parts():
                self.event("CUMULATIVE_PROFILING", *part)
            self.event("CUMULATIVE_PROFILING_END")
        return self.text()

    def text(self) -> str:
        return whole_characters("\n".join(self.lines)) + "\n"


_MODES = {"with sharing": False, "without sharing": True}


def _use(used: int, limit: int) -> str:
    """ASSUMED: half of a limit is close to it."""
    return f"{used} out of {limit}{' ******* CLOSE TO LIMIT' if used * 2 > limit else ''}"
