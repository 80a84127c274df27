"""What a running sync tells those who watch it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import aiohttp
import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from clmkit.operate.alerts import Alert, find_alerts
from clmkit.operate.metrics import Metrics
from clmkit.operate.monitor import Monitor, watched
from clmkit.operate.pulse import Pulse
from clmkit.sync.outage import Outage
from clmkit.sync.report import RunReport
from clmkit.sync.state import Parked

REPORT = RunReport(
    events=10, pushed=5, unchanged=2, conflicts=1, parked=1, waiting=1, scheduled=0, echoes=1, rows_created={"Contract": 3},
    rows_updated={"Contract": 2, "CLM_Line__c": 4}, patches=1, parked_values=1, parked_rows=0, rounds=1,
    api_calls_by_kind={"collections": 2, "clm_changes": 1}, api_usage="1500/15000", api_forecast="", explained=[], seconds=0.2,
    stopped="", is_outage=False,
)  # fmt: skip
HELD = msgspec.structs.replace(REPORT, stopped="This run would change 900 of 1000 rows.")
OUTAGE = msgspec.structs.replace(REPORT, stopped="https://org does not answer: timeout.", is_outage=True)


def parked(number: int, reason: str, kind: str = "value", steward: str = "Legal operations") -> Parked:
    return Parked("contract", f"AGR-{number:06d}", "CLM_Law__c", f"AGR-{number:06d}", kind, "CANARY", reason, steward,
                  f"2026-11-21T00:{number % 60:02d}:00Z")  # fmt: skip


def test_a_thousand_equal_errors_are_one_alert() -> None:
    rows = [parked(number, f'"Law {number}" is not in the value map governing_law.') for number in range(1, 1001)]
    (alert,) = find_alerts(rows)
    assert alert == Alert(
        "warning", "… is not in the value map governing_law.", "Legal operations", 1000, "2026-11-21T00:00:00Z",
        ["contract AGR-000001 CLM_Law__c", "contract AGR-000002 CLM_Law__c", "contract AGR-000003 CLM_Law__c"],
        "clmkit sync redrive --kind value --reason 'is not in the value map governing_law.' --apply",
    )  # fmt: skip


def test_what_differs_in_kind_steward_or_cause_is_told_apart_most_urgent_first() -> None:
    rows = [
        parked(5, "too long"),
        parked(4, "too long", steward="Finance"),
        parked(3, "locked", "row"),
        parked(2, "gone", "gone"),
    ]
    assert [(alert.severity, alert.cause, alert.owner) for alert in find_alerts(rows, HELD)] == [
        ("critical", "This run would change 900 of 1000 rows.", "operator"),
        ("error", "locked", "Legal operations"),
        ("warning", "gone", "Legal operations"),
        ("warning", "too long", "Finance"),
        ("warning", "too long", "Legal operations"),
    ]


def test_an_outage_needs_nobody() -> None:
    (alert,) = find_alerts([], OUTAGE)
    assert (alert.severity, alert.fix) == ("error", "none: the next run goes on by itself")


def test_an_outage_that_several_found_is_one_alert_until_it_ends() -> None:
    outages = [Outage("2026-11-22T10:00:00Z", count, "Nobody answers.", "2026-11-22T10:09:00Z") for count in (2, 5)]
    assert find_alerts([], outages=outages) == [
        Alert(
            "error",
            "Nobody answers.",
            "operator",
            5,
            "2026-11-22T10:00:00Z",
            [],
            "none: it is tried again at 2026-11-22T10:09:00Z",
        )
    ]


def test_no_alert_shows_a_value() -> None:
    assert "CANARY" not in msgspec.json.encode(find_alerts([parked(1, "x")])).decode()


READINESS: dict[str, tuple[Callable[[Pulse], None], float, list[str]]] = {
    "just started": (lambda pulse: None, 1.0, ["no run has ended yet"]),
    "running": (lambda pulse: pulse.note(REPORT, 1.0), 20.0, []),
    "silent": (lambda pulse: pulse.note(REPORT, 1.0), 60.0, ["no run has ended for 59 s; one is due every 10 s"]),
    "held": (lambda pulse: pulse.note(HELD, 1.0), 2.0, ["This run would change 900 of 1000 rows."]),
    "cut off": (lambda pulse: pulse.note(OUTAGE, 1.0), 2.0, ["https://org does not answer: timeout."]),
}


@pytest.mark.parametrize(("life", "now", "reasons"), READINESS.values(), ids=list(READINESS))
def test_a_sync_is_ready_when_it_runs_in_time_and_nothing_stops_it(
    life: Callable[[Pulse], None], now: float, reasons: list[str]
) -> None:
    pulse = Pulse(10.0)
    life(pulse)
    found = pulse.readiness(now)
    assert (found.ready, found.reasons) == (not reasons, reasons)


def samples(text: str) -> dict[str, float]:
    return {
        f"{sample.name}{dict(sorted(sample.labels.items())) or ''}": sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_figures_add_up_over_reports_and_waiting_is_read_from_the_state() -> None:
    metrics = Metrics(lambda: [parked(1, "x"), parked(2, "y"), parked(3, "z", "row")])
    metrics.note(REPORT)
    metrics.note(HELD)
    found = samples(metrics.render().decode())
    assert found["clmkit_events_total{'outcome': 'pushed'}"] == 10
    assert found["clmkit_rows_written_total{'action': 'updated', 'object': 'CLM_Line__c'}"] == 8
    assert found["clmkit_api_calls_total{'kind': 'collections'}"] == 4
    assert found["clmkit_dead_letters{'kind': 'value', 'steward': 'Legal operations'}"] == 2
    assert found["clmkit_runs_stopped_total{'outage': 'false'}"] == 1
    assert (found["clmkit_held"], found["clmkit_api_budget_used_ratio"]) == (1, 0.1)
    assert found["clmkit_run_seconds_count"] == 2


def test_the_four_addresses_answer_and_readiness_says_503_with_its_reasons() -> None:
    async def scene() -> dict[str, tuple[int, Any]]:
        rows = [parked(1, "too long")]
        monitor = Monitor(Pulse(10.0), Metrics(lambda: rows), lambda: rows, lambda: 5.0)
        answers: dict[str, tuple[int, Any]] = {}
        async with watched(monitor, "127.0.0.1", 0) as url, aiohttp.ClientSession() as session:
            for path, report in (("readyz", None), ("readyz?after", REPORT), ("healthz", None), ("alerts", HELD)):
                if report is not None:
                    monitor.note(report)
                async with session.get(f"{url}/{path}") as answer:
                    answers[path] = answer.status, await answer.json()
            async with session.get(f"{url}/metrics") as answer:
                answers["metrics"] = answer.status, samples(await answer.text())["clmkit_held"]
        return answers

    answers = asyncio.run(scene())
    assert answers["readyz"] == (
        503,
        {"ready": False, "reasons": ["no run has ended yet"], "last_run_seconds_ago": None},
    )
    assert answers["readyz?after"] == (200, {"ready": True, "reasons": [], "last_run_seconds_ago": 0.0})
    assert answers["healthz"] == (200, {"alive": True})
    assert [alert["cause"] for alert in answers["alerts"][1]] == ["This run would change 900 of 1000 rows.", "too long"]
    assert answers["metrics"] == (200, 1)
