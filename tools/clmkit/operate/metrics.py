"""The figures of a running sync for Prometheus. Names follow its conventions: base units, `_total` for counters.

A counter starts at 0 with the process; a gauge is read from the state when it is asked for, so that it is right after a restart.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from clmkit.sync.report import RunReport
from clmkit.sync.state import Parked

_OUTCOMES = ("pushed", "unchanged", "conflicts", "parked", "waiting")
_RUN_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 1800)


class _Waiting(Collector):
    """What waits for a person, by kind and steward."""

    def __init__(self, read_parked: Callable[[], list[Parked]]) -> None:
        self._read_parked = read_parked

    def collect(self) -> list[GaugeMetricFamily]:
        family = GaugeMetricFamily("clmkit_dead_letters", "What waits for a person.", labels=("kind", "steward"))
        for (kind, steward), count in sorted(Tally((row.kind, row.steward) for row in self._read_parked()).items()):
            family.add_metric((kind, steward), count)
        return [family]


class Metrics:
    def __init__(self, read_parked: Callable[[], list[Parked]]) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(_Waiting(read_parked))
        events = "Changes taken in from both systems, by what became of them."
        self._events = Counter("clmkit_events", events, ("outcome",), registry=self.registry)
        self._rows = Counter(
            "clmkit_rows_written", "Salesforce rows written.", ("object", "action"), registry=self.registry
        )
        self._patches = Counter("clmkit_agreements_patched", "Agreements of the CLM written.", registry=self.registry)
        self._calls = Counter("clmkit_api_calls", "Requests sent to both systems.", ("kind",), registry=self.registry)
        self._stops = Counter("clmkit_runs_stopped", "Runs that ended early.", ("outage",), registry=self.registry)
        self._seconds = Histogram(
            "clmkit_run_seconds", "How long a run took.", buckets=_RUN_SECONDS, registry=self.registry
        )
        used = "Part of the org's API calls of 24 hours that is used, 0 to 1."
        self._used = Gauge("clmkit_api_budget_used_ratio", used, registry=self.registry)
        self._held = Gauge("clmkit_held", "1 while the sync is stopped until a person looks.", registry=self.registry)
        for outcome in _OUTCOMES:
            self._events.labels(outcome)

    def note(self, report: RunReport) -> None:
        for outcome in _OUTCOMES:
            self._events.labels(outcome).inc(getattr(report, outcome))
        for action, rows in (("created", report.rows_created), ("updated", report.rows_updated)):
            for name, count in rows.items():
                self._rows.labels(name, action).inc(count)
        for kind, count in report.api_calls_by_kind.items():
            self._calls.labels(kind).inc(count)
        self._patches.inc(report.patches)
        self._seconds.observe(report.seconds)
        if report.stopped:
            self._stops.labels(str(report.is_outage).lower()).inc()
        self._held.set(bool(report.stopped) and not report.is_outage)
        used, _, allowed = report.api_usage.partition("/")
        if allowed:
            self._used.set(int(used) / int(allowed))

    def render(self) -> bytes:
        """The text format that Prometheus scrapes."""
        return generate_latest(self.registry)
