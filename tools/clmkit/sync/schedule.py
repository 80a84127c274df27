"""When a change may go: at once, with others a while later, or in the batch of a time of day. By each field's latency class.

realtime   at once
minutes    the first change waits for half of the promised time; what follows, of any agreement, goes with it
batch      at the time of day that the spec names, in its time zone

A row goes as soon as one of its fields is due, and takes along what waits of it: one call, not two. A row that is new in
Salesforce goes at once. A person who redrives, and a run that is not to follow (`sync run --once`), wait for nothing.

scheduled   agreement and latency: what waits, since when, until when; the first change sets the time
held        the events that wait with it: taken in, not settled, and left alone until then

Both are written in the transaction that settles the round, so a process that dies in between finds the events unsettled and decides
anew.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from clmkit.mapping.model import FieldMapping, Latency, LatencyClass, Spec
from clmkit.sync.database import Database, chunks, places
from clmkit.sync.inbox import EVENT_COLUMNS, InboxEvent, to_event

SCHEMA = """
CREATE TABLE IF NOT EXISTS scheduled (
  agreement_id TEXT NOT NULL, latency TEXT NOT NULL, due TEXT NOT NULL, since TEXT NOT NULL, fields TEXT NOT NULL,
  PRIMARY KEY (agreement_id, latency)) STRICT;
CREATE INDEX IF NOT EXISTS scheduled_due ON scheduled (due);
CREATE TABLE IF NOT EXISTS held (sequence INTEGER PRIMARY KEY, agreement_id TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS held_agreement ON held (agreement_id);
"""
SHARE = 0.5
"""The part of a promised time for which a change waits for others; the rest is for the writing."""
END_OF_TIME = "9999"


@dataclass(frozen=True, slots=True)
class Pace:
    """The promises that are kept by waiting; without any everything goes at once."""

    promises: Mapping[str, Latency] = field(default_factory=dict)
    zone: str = "UTC"

    @property
    def is_scheduled(self) -> bool:
        return bool(self.promises)

    def is_due(self, due: Collection[str], column: FieldMapping) -> bool:
        """Whether a field may go now, when the time of the latencies in `due` has come."""
        promise = self.promises.get(column.latency)
        return promise is None or promise.latency_class is LatencyClass.REALTIME or column.latency in due

    @property
    def windows(self) -> list[str]:
        """The latencies that promise a time: whatever waits for one of them goes together."""
        return [name for name, promise in self.promises.items() if promise.p99_seconds is not None]

    def due_at(self, latency: str, now: str) -> str:
        """Until when a change of now waits; both in UTC as the state keeps instants."""
        promise, instant = self.promises[latency], datetime.fromisoformat(now)
        if promise.p99_seconds is not None:
            return _text(instant + timedelta(seconds=promise.p99_seconds * SHARE))
        zone = ZoneInfo(self.zone if promise.zone == "org" else promise.zone)
        local = instant.astimezone(zone)
        starts = (
            datetime.combine(local.date() + timedelta(days=days), time.fromisoformat(promise.at), zone)
            for days in (0, 1, 2)
        )
        return _text(next(start for start in starts if start.astimezone(UTC) > instant))


def pace_of(spec: Spec) -> Pace:
    return Pace({latency.name: latency for latency in spec.latency}, spec.zone)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for one latency: how many agreements, which fields, and until when the first of them."""

    latency: str
    agreements: int
    fields: tuple[str, ...]
    since: str
    until: str

    @property
    def words(self) -> str:
        return f"{self.agreements} agreements until {self.until} ({self.latency}: {', '.join(self.fields)})"


class Schedule:
    """Writes happen inside a transaction of the caller's."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def hold(
        self, agreement_id: str, waits: Mapping[str, Iterable[str]], sequences: Iterable[int], pace: Pace, now: str
    ) -> None:
        """Let an agreement's changes wait: field names by latency. What waited before keeps its time; what went is struck off."""
        names = sorted(waits)
        gone = f"DELETE FROM scheduled WHERE agreement_id = ? AND latency NOT IN {places(names)}"  # noqa: S608 - places
        self._db.change(gone, (agreement_id, *names))
        self._db.change_all(
            "INSERT INTO scheduled VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (agreement_id, latency) DO UPDATE SET fields = excluded.fields",
            [(agreement_id, name, pace.due_at(name, now), now, json.dumps(sorted(waits[name]))) for name in names],
        )
        self._db.change_all(
            "INSERT INTO held VALUES (?, ?) ON CONFLICT (sequence) DO NOTHING",
            [(sequence, agreement_id) for sequence in sequences],
        )

    def release(self, agreement_ids: Iterable[str]) -> None:
        """Nothing of these agreements waits any more."""
        for chunk in chunks(agreement_ids):
            self._db.change(f"DELETE FROM scheduled WHERE agreement_id IN {places(chunk)}", chunk)  # noqa: S608 - places
            self._db.change(f"DELETE FROM held WHERE agreement_id IN {places(chunk)}", chunk)  # noqa: S608 - places

    def find_due(self, now: str, limit: int, windows: Collection[str] = ()) -> dict[str, set[str]]:
        """The agreements whose time has come, the longest due first, with the latencies that have.

        The first that is due of one of the `windows` takes along what else waits for it: one call for all of them.
        """
        open_now = [
            str(one) for (one,) in self._db.execute("SELECT DISTINCT latency FROM scheduled WHERE due <= ?", (now,))
        ]
        together = [one for one in open_now if one in windows]
        is_due = f"(due <= ? OR latency IN {places(together)})"
        sql = f"SELECT agreement_id FROM scheduled WHERE {is_due} GROUP BY agreement_id ORDER BY min(due), agreement_id LIMIT ?"  # noqa: S608 - places
        due: dict[str, set[str]] = {str(one): set() for (one,) in self._db.execute(sql, (now, *together, limit))}
        for chunk in chunks(due):
            wanted = f"SELECT agreement_id, latency FROM scheduled WHERE {is_due} AND agreement_id IN {places(chunk)}"  # noqa: S608 - places
            for agreement_id, latency in self._db.execute(wanted, (now, *together, *chunk)):
                due[str(agreement_id)].add(str(latency))
        return due

    def read_held(self, agreement_ids: Iterable[str]) -> list[InboxEvent]:
        """The events that wait with these agreements, in order."""
        found: list[InboxEvent] = []
        for chunk in chunks(agreement_ids):
            sql = (
                f"SELECT {EVENT_COLUMNS} FROM held JOIN event ON event.sequence = held.sequence"  # noqa: S608 - places
                f" WHERE held.agreement_id IN {places(chunk)}"
            )
            found += [to_event(*row) for row in self._db.execute(sql, chunk)]
        return sorted(found, key=lambda event: event.sequence)

    def next_due(self) -> str:
        """When the first of what waits is due; empty when nothing does."""
        return str(self._db.execute("SELECT coalesce(min(due), '') FROM scheduled")[0][0])

    def read_waiting(self) -> list[Waiting]:
        """What waits, by latency."""
        sql = (
            "SELECT latency, count(*), min(since), min(due) FROM scheduled GROUP BY latency ORDER BY min(due), latency"
        )
        fields: dict[str, set[str]] = {}
        for latency, names in self._db.execute("SELECT DISTINCT latency, fields FROM scheduled"):
            fields.setdefault(str(latency), set()).update(json.loads(str(names)))
        return [
            Waiting(str(latency), int(count or 0), tuple(sorted(fields[str(latency)])), str(since), str(until))
            for latency, count, since, until in self._db.execute(sql)
        ]


def _text(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
