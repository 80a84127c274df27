"""OpenTelemetry traces: one waterfall for each change, from the CLM's click to Salesforce's event about our write.

    change            the root, from when the event was taken in; below the CLM's own span when its webhook told it (`traceparent`)
      take in         until a round took it up
      decide, send    once for each object that had rows to write
      come back       until Salesforce told of the write: by its event stream, or found by a look

Spans are made of what a run has marked (`Tally.marks`), after the run, so that tracing costs a run next to nothing. They name
agreements and events, never a value. Several changes that became one write are one waterfall, which names all their events.

"Trace Context" (W3C Recommendation); OTLP/JSON lines in a file, or OTLP over HTTP to a collector.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from opentelemetry.exporter.otlp.json.file.trace_exporter import FileSpanExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import Span, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from clmkit.sync.config import TracesConfig
from clmkit.sync.lineage import Event
from clmkit.sync.report import COME_BACK, Mark

MOST_OPEN = 10_000
"""Changes whose event has not come back, and announcements that were not taken in."""


@dataclass(slots=True)
class _Change:
    root: Span
    events: tuple[int, ...]
    last: str


class Traces:
    """`read_events` tells the events at places of the inbox."""

    def __init__(self, exporter: SpanExporter, read_events: Callable[[Iterable[int]], list[Event]]) -> None:
        resource = Resource({"service.name": "clmkit", "service.version": version("clmkit")})
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("clmkit.sync")
        self._read_events = read_events
        self._announced: OrderedDict[str, str] = OrderedDict()
        self._open: OrderedDict[str, _Change] = OrderedDict()

    def announce(self, headers: Mapping[str, str]) -> None:
        """A webhook that was the CLM's own: its id is the event's, and its trace the one that the change belongs to."""
        event_id, parent = headers.get("webhook-id", ""), headers.get("traceparent", "")
        if event_id and parent:
            self._announced[event_id] = parent
            while len(self._announced) > MOST_OPEN:
                self._announced.popitem(last=False)

    def note(self, marks: Iterable[Mark]) -> None:
        """What a run did, in the order in which it did it."""
        for mark in marks:
            if mark.step == COME_BACK:
                self._come_back(mark)
                continue
            change = self._change_of(mark)
            self._add(change, mark.step, mark.started, mark.ended)
        while len(self._open) > MOST_OPEN:
            _end(self._open.popitem(last=False)[1])

    def close(self) -> None:
        """End what has not come back, and send everything."""
        while self._open:
            _end(self._open.popitem(last=False)[1])
        self._provider.shutdown()

    def _change_of(self, mark: Mark) -> _Change:
        known = self._open.get(mark.agreement_id)
        if known is not None and known.events == mark.events:
            return known
        if known is not None:
            _end(self._open.pop(mark.agreement_id))
        events = self._read_events(mark.events)
        began = min([event.received_at for event in events] or [mark.started])
        parents = [self._announced.pop(event.event_id, "") for event in events]
        context = TraceContextTextMapPropagator().extract({"traceparent": next(filter(None, parents), "")})
        facts = {"clmkit.agreement": mark.agreement_id, "clmkit.events": [event.event_id for event in events],
                 "clmkit.sources": sorted({event.source for event in events})}  # fmt: skip
        root = self._tracer.start_span("change", context, attributes=facts, start_time=_nanoseconds(began))
        change = self._open[mark.agreement_id] = _Change(root, mark.events, began)
        self._add(change, "take in", began, mark.started)
        return change

    def _come_back(self, mark: Mark) -> None:
        change = self._open.pop(mark.agreement_id, None)
        if change is not None:
            self._add(change, COME_BACK, change.last, mark.ended)
            _end(change)

    def _add(self, change: _Change, name: str, started: str, ended: str) -> None:
        context = set_span_in_context(change.root)
        span = self._tracer.start_span(name, context, start_time=_nanoseconds(started))
        span.end(_nanoseconds(ended))
        change.last = max(change.last, ended)


def open_traces(config: TracesConfig, read_events: Callable[[Iterable[int]], list[Event]]) -> Traces:
    """Raises OSError when the file cannot be written."""
    if config.endpoint:
        return Traces(OTLPSpanExporter(endpoint=config.endpoint), read_events)
    path = Path(config.file)
    path.parent.mkdir(parents=True, exist_ok=True)
    return Traces(FileSpanExporter(path), read_events)


def _end(change: _Change) -> None:
    change.root.end(_nanoseconds(change.last))


def _nanoseconds(instant: str) -> int:
    return round(datetime.fromisoformat(instant).timestamp() * 1000) * 1_000_000
