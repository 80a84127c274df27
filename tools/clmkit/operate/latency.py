"""How long changes took, by latency class, against what the mapping promises: from the audit chain and the inbox.

A change counts from the moment when the sync took its event in, or the oldest of several that became one write, to the moment when
the other system had confirmed the write. What the systems took to tell is not in it; `bench/latency.py` measures that, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import cast

import msgspec

from clmkit.mapping.model import Latency, Role, Spec
from clmkit.sync.audit import Entry
from clmkit.sync.database import chunks, places
from clmkit.sync.state import State

DIRECTIONS = {"created": "CLM to Salesforce", "updated": "CLM to Salesforce", "patched": "Salesforce to CLM"}
A_DAY = 86_400.0
"""What a class promises that goes at a time of day."""
_PAGE = 500


class ClassLatency(msgspec.Struct, frozen=True):
    """Of the changes of one class in one direction; seconds. `is_kept` when 99 of 100 took no longer than promised."""

    direction: str
    latency: str
    changes: int
    p50: float
    p99: float
    longest: float
    promised: float
    is_kept: bool


def measure_latency(state: State, spec: Spec, since: str = "") -> list[ClassLatency]:
    """A row for each class and direction that had a change since an instant."""
    classes = {
        (mapping.salesforce, column.salesforce): column.latency
        for mapping in spec.objects
        for column in mapping.columns
        if column.role not in (Role.KEY, Role.VERSION)
    }
    taken: dict[tuple[str, str], list[float]] = {}
    entries = (entry for kind in DIRECTIONS for entry in state.audit.read_kind(kind) if entry.at >= since)
    while page := list(islice(entries, _PAGE)):
        received = _read_received(state, page)
        for entry in page:
            known = [received[one] for one in _events(entry) if one in received]
            if known:
                seconds = (_moment(entry.at) - _moment(min(known))).total_seconds()
                for name in _classes_of(entry, classes):
                    taken.setdefault((DIRECTIONS[entry.kind], name), []).append(seconds)
    promises = {one.name: one for one in spec.latency}
    return [judge_times(*place, sorted(times), promises) for place, times in sorted(taken.items())]


def _read_received(state: State, entries: Sequence[Entry]) -> dict[int, str]:
    wanted = [str(one) for entry in entries for one in _events(entry)]
    received: dict[int, str] = {}
    for chunk in chunks(wanted):
        sql = f"SELECT sequence, received_at FROM event WHERE sequence IN {places(chunk)}"  # noqa: S608 - places
        rows = state.database.execute(sql, [int(one) for one in chunk])
        received.update((int(sequence or 0), str(at)) for sequence, at in rows)
    return received


def _events(entry: Entry) -> list[int]:
    return cast("list[int]", entry.facts.get("events", []))


def _classes_of(entry: Entry, classes: Mapping[tuple[str, str], str]) -> Iterator[str]:
    sobject = str(entry.facts.get("object"))
    names = cast("Mapping[str, str]", entry.facts.get("fields", {}))
    yield from sorted({classes[sobject, name] for name in names if (sobject, name) in classes})


def judge_times(direction: str, name: str, times: Sequence[float], promises: Mapping[str, Latency]) -> ClassLatency:
    promised = promises[name].p99_seconds if name in promises else None
    limit = A_DAY if promised is None else promised
    p50, p99 = times[(len(times) - 1) // 2], times[-(-99 * len(times) // 100) - 1]
    return ClassLatency(direction, name, len(times), p50, p99, times[-1], limit, p99 <= limit)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
