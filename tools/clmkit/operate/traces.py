"""OpenTelemetry traces: one waterfall for each change, from the CLM's click to Salesforce's event about our write.

    change            the root, from when the event was taken in; below the CLM's own span when its webhook told it (`traceparent`)
      take in         until a round took it up
      decide, send    once for each object that had rows to write
      come back       until Salesforce told of the write: by its change event, or found by a look (`clmkit.by` says which)

Spans are made of what a run has marked (`Tally.marks`), after the run, so that tracing costs a run next to nothing. They name
agreements and events, never a value. Several changes that became one write are one waterfall, which names all their events.

Nothing orders the CLM's calls and the feed: a change may be read, written and heard of again before the call that tells its trace
is in. So a waterfall is kept as data until its events are announced, at most `MOST_WAIT` after it came back.

"Trace Context" (W3C Recommendation); OTLP/JSON lines in a file, or OTLP over HTTP to a collector.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path

from opentelemetry.exporter.otlp.json.file.trace_exporter import FileSpanExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from clmkit.sync.config import TracesConfig
from clmkit.sync.intake import CLM_SOURCE
from clmkit.sync.lineage import Event
from clmkit.sync.report import COME_BACK, TAKE_IN, Mark

MOST_OPEN = 10_000
"""Changes whose event has not come back, and announcements that were not taken in."""
MOST_WAIT = timedelta(seconds=60)


@dataclass(slots=True)
class _Change:
    agreement_id: str
    places: tuple[int, ...]
    events: list[Event]
    steps: list[Mark]

    @property
    def ended(self) -> str:
        return max(step.ended for step in self.steps)


class Traces:
    """`read_events` tells the events at places of the inbox; `is_announced`: whether the CLM's calls tell of its changes."""

    def __init__(
        self, exporter: SpanExporter, read_events: Callable[[Iterable[int]], list[Event]], *, is_announced: bool = False
    ) -> None:
        resource = Resource({"service.name": "clmkit", "service.version": version("clmkit")})
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("clmkit.sync")
        self._read_events = read_events
        self._is_announced = is_announced
        self._announced: OrderedDict[str, str] = OrderedDict()
        self._open: OrderedDict[str, _Change] = OrderedDict()
        self._back: list[_Change] = []
        """What came back and is not announced yet."""

    def announce(self, headers: Mapping[str, str]) -> None:
        """A webhook that was the CLM's own: its id is the event's, and its trace the one that the change belongs to."""
        if event_id := headers.get("webhook-id", ""):
            self._announced[event_id] = headers.get("traceparent", "")
            while len(self._announced) > MOST_OPEN:
                self._announced.popitem(last=False)

    def note(self, marks: Iterable[Mark]) -> None:
        """What a run did, in the order in which it did it."""
        last = ""
        for mark in marks:
            last = max(last, mark.ended)
            if mark.step != COME_BACK:
                self._change_of(mark).steps.append(mark)
            elif change := self._open.pop(mark.agreement_id, None):
                change.steps.append(replace(mark, started=change.ended))
                self._back.append(change)
        while len(self._open) > MOST_OPEN:
            self._tell(self._open.popitem(last=False)[1])
        waiting = [one for one in self._back if not self._is_told(one) and not _is_late(one, last)][-MOST_OPEN:]
        for change in [one for one in self._back if one not in waiting]:
            self._tell(change)
        self._back = waiting

    def flush(self) -> None:
        """Send what is told."""
        self._provider.force_flush()

    def close(self) -> None:
        """Tell of what has not come back, too, and send everything."""
        for change in (*self._back, *self._open.values()):
            self._tell(change)
        self._back.clear()
        self._open.clear()
        self._provider.shutdown()

    def _change_of(self, mark: Mark) -> _Change:
        known = self._open.get(mark.agreement_id)
        if known is not None and known.places == mark.events:
            return known
        if known is not None:
            self._tell(self._open.pop(mark.agreement_id))
        events = self._read_events(mark.events)
        began = min([event.received_at for event in events] or [mark.started])
        taken_in = replace(mark, step=TAKE_IN, started=began, ended=mark.started)
        change = self._open[mark.agreement_id] = _Change(mark.agreement_id, mark.events, events, [taken_in])
        return change

    def _is_told(self, change: _Change) -> bool:
        """Whether every event of the CLM's was announced."""
        told = (event.event_id in self._announced for event in change.events if event.source == CLM_SOURCE)
        return not self._is_announced or all(told)

    def _tell(self, change: _Change) -> None:
        parents = [self._announced.pop(event.event_id, "") for event in change.events]
        context = TraceContextTextMapPropagator().extract({"traceparent": next(filter(None, parents), "")})
        facts = {"clmkit.agreement": change.agreement_id, "clmkit.events": [event.event_id for event in change.events],
                 "clmkit.sources": sorted({event.source for event in change.events})}  # fmt: skip
        began = _nanoseconds(change.steps[0].started)
        root = self._tracer.start_span("change", context, attributes=facts, start_time=began)
        below = set_span_in_context(root)
        for step in change.steps:
            told = {"clmkit.by": step.by} if step.by else None
            span = self._tracer.start_span(step.step, below, attributes=told, start_time=_nanoseconds(step.started))
            span.end(_nanoseconds(step.ended))
        root.end(_nanoseconds(change.ended))


def open_traces(
    config: TracesConfig, read_events: Callable[[Iterable[int]], list[Event]], *, is_announced: bool = False
) -> Traces:
    """Raises OSError when the file cannot be written."""
    if config.endpoint:
        return Traces(OTLPSpanExporter(endpoint=config.endpoint), read_events, is_announced=is_announced)
    path = Path(config.file)
    path.parent.mkdir(parents=True, exist_ok=True)
    return Traces(FileSpanExporter(path), read_events, is_announced=is_announced)


def _is_late(change: _Change, now: str) -> bool:
    return bool(now) and datetime.fromisoformat(now) - datetime.fromisoformat(change.ended) > MOST_WAIT


def _nanoseconds(instant: str) -> int:
    return round(datetime.fromisoformat(instant).timestamp() * 1000) * 1_000_000
