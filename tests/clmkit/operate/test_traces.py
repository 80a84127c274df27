"""One change is one waterfall, from the CLM's click to Salesforce's event about our write; and no span holds a value."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from tests.clmkit.sync.world import World

from clmkit.operate.traces import Traces, open_traces
from clmkit.sync.config import TracesConfig
from clmkit.sync.lineage import Event, read_events
from clmkit.sync.report import BY_EVENT, COME_BACK, SEND, Mark

CLICK_TRACE, CLICK_SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACEPARENT = f"00-{CLICK_TRACE}-{CLICK_SPAN}-01"


class Kept(SpanExporter):
    def __init__(self) -> None:
        self.spans: list[ReadableSpan] = []

    def export(self, spans: Iterable[ReadableSpan]) -> SpanExportResult:
        self.spans.extend(spans)
        return SpanExportResult.SUCCESS


def play(world: World, traces: Traces) -> None:
    """A change in the CLM, announced by its webhook, written, and heard of again."""
    world.agreement(title="CANARY-TITLE", business_owner={"email": "integration@example.com"})
    traces.announce({"webhook-id": "EVT-1", "traceparent": TRACEPARENT})
    run(world, traces)
    traces.close()


def run(world: World, traces: Traces) -> None:
    engine = world.engine()
    asyncio.run(engine.run())
    traces.note(engine.tally.marks)


def story() -> dict[str, ReadableSpan]:
    world, kept = World(), Kept()
    play(world, Traces(kept, partial(read_events, world.state)))
    return {span.name: span for span in kept.spans}


def test_one_trace_holds_every_step_below_the_clms_click() -> None:
    spans = story()
    assert set(spans) == {"change", "take in", "decide", "send", "come back"}
    assert {f"{span.context.trace_id:032x}" for span in spans.values()} == {CLICK_TRACE}
    root = spans.pop("change")
    assert root.parent is not None
    assert f"{root.parent.span_id:016x}" == CLICK_SPAN
    assert {span.parent.span_id for span in spans.values() if span.parent} == {root.context.span_id}
    assert dict(root.attributes or {}) == {
        "clmkit.agreement": "AGR-000001", "clmkit.events": ("EVT-1",), "clmkit.sources": ("clm",),
    }  # fmt: skip


def test_steps_follow_each_other_within_the_change() -> None:
    spans = story()
    steps = [spans[name] for name in ("take in", "decide", "send", "come back")]
    times = [time or 0 for span in steps for time in (span.start_time, span.end_time)]
    assert times == sorted(times)
    assert (spans["change"].start_time, spans["change"].end_time) == (times[0], times[-1])


def test_a_change_that_nobody_announced_has_a_trace_of_its_own() -> None:
    world, kept = World(), Kept()
    traces = Traces(kept, partial(read_events, world.state))
    world.agreement()
    run(world, traces)
    traces.close()
    (root,) = [span for span in kept.spans if span.name == "change"]
    assert (root.parent, f"{root.context.trace_id:032x}" != CLICK_TRACE) == (None, True)


def read_lines(path: Path) -> list[dict[str, Any]]:
    groups = [json.loads(line) for line in path.read_text().splitlines()]
    return [
        span
        for group in groups
        for resource in group["resourceSpans"]
        for scope in resource["scopeSpans"]
        for span in scope["spans"]
    ]


def test_a_file_holds_lines_of_otlp_json_without_any_value(tmp_path: Path) -> None:
    path = tmp_path / "traces" / "sync.jsonl"
    world = World()
    play(world, open_traces(TracesConfig(file=str(path)), partial(read_events, world.state)))
    spans = read_lines(path)
    assert {span["name"] for span in spans} == {"change", "take in", "decide", "send", "come back"}
    assert {span["traceId"] for span in spans} == {CLICK_TRACE}
    assert "CANARY" not in path.read_text()


def test_a_call_that_comes_after_its_change_was_written_and_heard_of_again_still_gives_it_its_trace() -> None:
    world, kept = World(), Kept()
    traces = Traces(kept, partial(read_events, world.state), is_announced=True)
    world.agreement(business_owner={"email": "integration@example.com"})
    run(world, traces)
    traces.announce({"webhook-id": "EVT-1", "traceparent": TRACEPARENT})
    traces.note([])
    traces.close()
    assert {f"{span.context.trace_id:032x}" for span in kept.spans} == {CLICK_TRACE}


@pytest.mark.parametrize(("later", "told"), [("00:00:59", 0), ("00:01:01", 1)])
def test_a_change_whose_call_is_lost_is_told_after_a_minute_all_the_same(later: str, told: int) -> None:
    kept = Kept()
    event = Event(1, "EVT-1", "clm", "user", 1, "2026-01-01T00:00:00+00:00")
    traces = Traces(kept, lambda places: [event], is_announced=True)
    at = "2026-01-01T00:00:00+00:00"
    traces.note([Mark(SEND, "A", at, at, (1,)), Mark(COME_BACK, "A", at, at, (2,), BY_EVENT)])
    traces.note([Mark(SEND, "B", f"2026-01-01T{later}+00:00", f"2026-01-01T{later}+00:00", (3,))])
    traces.flush()
    assert [span.name for span in kept.spans].count("change") == told
    traces.close()


@pytest.mark.parametrize("count", [1, 3])
def test_each_change_is_a_waterfall_of_its_own(count: int) -> None:
    world, kept = World(), Kept()
    traces = Traces(kept, partial(read_events, world.state))
    for number in range(count):
        world.agreement(f"AGR-{number:06d}", business_owner={"email": "integration@example.com"})
    run(world, traces)
    traces.close()
    roots = [span for span in kept.spans if span.name == "change"]
    assert len({span.context.trace_id for span in kept.spans}) == len(roots) == count
