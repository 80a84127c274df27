"""What a person has to do, once for each cause: who, why, since when, how many, and the command that goes on.

Rows that wait for the same reason are one alert, whatever value each has: quoted values and numbers of a reason are left out when
reasons are compared. A cause keeps its alert until the last row is settled.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from clmkit.sync.lockout import Lockout
from clmkit.sync.outage import Outage
from clmkit.sync.report import RunReport
from clmkit.sync.state import Parked

MOST_EXAMPLES = 3
_VALUE = re.compile(r'"[^"]*"|\b\d[\d.,:-]*\b')

# kind of what waits -> how urgent, and what goes on after the cause is gone
_KINDS = {
    "row": ("error", "clmkit sync redrive --kind row --reason '{reason}' --apply"),
    "conflict": ("error", "clmkit sync dead-letters --kind conflict"),
    "value": ("warning", "clmkit sync redrive --kind value --reason '{reason}' --apply"),
    "gone": ("warning", "clmkit sync dead-letters --kind gone"),
    "unread": ("error", "clmkit reconcile, then: clmkit sync redrive --kind unread --apply"),
}


class Alert(msgspec.Struct, frozen=True):
    """`since` is the oldest of `count` rows (ISO 8601); `owner` a steward, or "operator"."""

    severity: str
    cause: str
    owner: str
    count: int
    since: str
    examples: list[str]
    fix: str


def find_alerts(
    parked: Iterable[Parked],
    report: RunReport | None = None,
    outages: Iterable[Outage] = (),
    lockouts: Iterable[Lockout] = (),
) -> list[Alert]:
    """The most urgent first, then the oldest. What ended the last run is told once, with what the state knows of it."""
    groups: dict[tuple[str, str, str], list[Parked]] = defaultdict(list)
    for row in parked:
        groups[row.kind, row.steward, cause_of(row.reason)].append(row)
    alerts = [_to_alert(rows, cause) for (_, _, cause), rows in groups.items()]
    alerts += [_of_lockout(lockout) for lockout in {lockout.reason: lockout for lockout in lockouts}.values()]
    alerts += [_of_outage(outage) for outage in {outage.reason: outage for outage in outages}.values()]
    if report is not None and report.stopped and all(alert.cause != report.stopped for alert in alerts):
        alerts.append(_of_stop(report))
    return sorted(alerts, key=lambda alert: (alert.severity != "critical", alert.severity != "error", alert.since))


def cause_of(reason: str) -> str:
    """The reason without what differs from row to row."""
    return _VALUE.sub("…", reason)


def _to_alert(rows: Sequence[Parked], cause: str) -> Alert:
    severity, fix = _KINDS[rows[0].kind]
    since = min(row.since for row in rows)
    examples = [f"{row.object} {row.key} {row.field}".rstrip() for row in rows[:MOST_EXAMPLES]]
    searched = max((part.strip() for part in cause.split("…")), key=len).replace("'", "'\\''")
    return Alert(severity, cause, rows[0].steward, len(rows), since, examples, fix.format(reason=searched))


def _of_outage(outage: Outage) -> Alert:
    fix = f"none: it is tried again at {outage.until}"
    return Alert("error", outage.reason, "operator", outage.failures, outage.since, [], fix)


def _of_lockout(lockout: Lockout) -> Alert:
    return Alert("critical", lockout.reason, "operator", lockout.count, lockout.since, [], lockout.fix)


def _of_stop(report: RunReport) -> Alert:
    severity = "error" if report.is_outage else "critical"
    fix = "none: the next run goes on by itself" if report.is_outage else "clmkit sync run --explain"
    return Alert(severity, report.stopped, "operator", 1, "", [], fix)
