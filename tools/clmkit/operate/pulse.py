"""What is known of a running sync, from its reports; pure but for the clock that is handed in."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from clmkit.sync.report import RunReport

LATE_AFTER = 5.0
"""Intervals without a finished run after which a sync no longer counts as ready."""


class Readiness(msgspec.Struct, frozen=True):
    """`reasons` is empty when the sync is ready: it runs in time, nothing holds it, both systems answer."""

    ready: bool
    reasons: list[str]
    last_run_seconds_ago: float | None


@dataclass(slots=True)
class Pulse:
    interval: float
    """Seconds between two looks at both systems."""
    started: float = 0.0
    last_run: float | None = None
    last_good: float | None = None
    stopped: str = ""
    is_outage: bool = False

    def note(self, report: RunReport, now: float) -> None:
        self.last_run = now
        self.stopped, self.is_outage = report.stopped, report.is_outage
        if not report.stopped:
            self.last_good = now

    def readiness(self, now: float) -> Readiness:
        reasons = []
        since = now - (self.started if self.last_run is None else self.last_run)
        if since > LATE_AFTER * self.interval:
            reasons.append(f"no run has ended for {since:.0f} s; one is due every {self.interval:g} s")
        if self.last_run is None:
            reasons.append("no run has ended yet")
        if self.stopped:
            reasons.append(self.stopped)
        return Readiness(not reasons, reasons, None if self.last_run is None else round(now - self.last_run, 1))
