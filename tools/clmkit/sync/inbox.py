"""The inbox: every event once, and what became of it. Append-only, so that it costs the same whatever its size.

event        sequence (1, 2, 3 ... without a gap) and event id, found by its checksum, whose index stays small; never changed
settlement   a range of sequences with one outcome; never changed, ranges never overlap
claim        who works on an agreement or an account now, where several processes share the state; it ends by itself: at once
             when the worker's connection does, at the latest when its time is over

An event waits as long as no settlement covers it. So nothing is updated when work is done, and the arithmetic is exact: events
taken in = the lengths of all settlements + waiting.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from zlib import crc32

import msgspec

from clmkit.sync.database import Database, SqlRow, chunks

SCHEMA = """
CREATE TABLE IF NOT EXISTS event (
  sequence INTEGER PRIMARY KEY, crc INTEGER NOT NULL, event_id TEXT NOT NULL, source TEXT NOT NULL, agreement_id TEXT NOT NULL,
  revision INTEGER NOT NULL, actor TEXT NOT NULL, received_at TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS event_crc ON event (crc);
CREATE TABLE IF NOT EXISTS settlement (
  first INTEGER PRIMARY KEY, last INTEGER NOT NULL, outcome TEXT NOT NULL, reason TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS claim (name TEXT PRIMARY KEY, worker TEXT NOT NULL, until REAL NOT NULL) STRICT;
"""
COLUMNS = ("sequence", "crc", "event_id", "source", "agreement_id", "revision", "actor", "received_at")
EVENT_COLUMNS = "event_id, source, event.agreement_id, revision, actor, event.sequence"
ASKED_AT_ONCE = 500
LOOKED_AT_ONCE = 256
REDRIVE_SOURCE = "redrive"
EVENT_SOURCE, DELETED_SOURCE = "event:", "deleted:"
"""Before the name of the object mapping that an event of Salesforce is about."""
CLAIMS = "claim"
"""What workers queue for who change claims: rows locked in different orders would be a deadlock."""
ALL = "everything"
"""The claim of whoever has to be alone with the state: while it stands nobody else claims anything."""
SETTLED = "settled"
"""The cursor below which every event is settled."""


class InboxEvent(msgspec.Struct, frozen=True, gc=False):
    """`sequence` is 0 as long as the event is not in the inbox."""

    event_id: str
    source: str
    agreement_id: str
    revision: int
    actor: str
    sequence: int = 0


class Settled(msgspec.Struct, frozen=True, gc=False):
    sequence: int
    outcome: str
    reason: str


class Inbox:
    """Writes happen inside a transaction of the caller's."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, events: Sequence[InboxEvent], at: str) -> list[InboxEvent]:
        """Take events in, each once; the answer leaves out those that were known."""
        if not events:
            return []
        self._db.queue_for("event")
        crcs = {event.event_id: crc32(event.event_id.encode()) for event in events}
        known = self._find_known(crcs)
        last = self.last_sequence()
        new: list[InboxEvent] = []
        rows: list[tuple[int | str, ...]] = []
        for event in events:
            if event.event_id in known:
                continue
            known.add(event.event_id)
            last += 1
            facts = event.event_id, event.source, event.agreement_id, event.revision, event.actor
            new.append(InboxEvent(*facts, last))
            rows.append((last, crcs[event.event_id], *facts, at))
        self._db.append("event", COLUMNS, rows)
        return new

    def find_known(self, event_ids: Iterable[str]) -> set[str]:
        """Those of the ids that were taken in before."""
        return self._find_known({event_id: crc32(event_id.encode()) for event_id in event_ids})

    def _find_known(self, wanted: Mapping[str, int]) -> set[str]:
        known: set[str] = set()
        for chunk in _chunks(wanted.values()):
            places = ", ".join("?" * len(chunk))
            found = self._db.execute(f"SELECT event_id FROM event WHERE crc IN ({places})", chunk)  # noqa: S608 - places
            known.update(str(one) for (one,) in found if one in wanted)
        return known

    def settle(self, settled: Iterable[Settled]) -> None:
        """Say what became of events; neighbours with one outcome become one row."""
        ordered = self._not_yet(sorted(settled, key=lambda one: one.sequence))
        runs: list[list[int | str]] = []
        for one in ordered:
            run = runs[-1] if runs else None
            if run is not None and run[1] == one.sequence - 1 and run[2:] == [one.outcome, one.reason]:
                run[1] = one.sequence
            else:
                runs.append([one.sequence, one.sequence, one.outcome, one.reason])
        self._db.append("settlement", ("first", "last", "outcome", "reason"), runs)
        self._move_mark()

    def _not_yet(self, ordered: list[Settled]) -> list[Settled]:
        """Without those that another worker settled, whose claim followed on one that ran out."""
        if not self._db.is_shared or not ordered:
            return ordered
        self._db.queue_for("settlement")
        sql = "SELECT first, last FROM settlement WHERE last >= ? AND first <= ?"
        ranges = self._db.execute(sql, (ordered[0].sequence, ordered[-1].sequence))
        covered = [(int(first or 0), int(last or 0)) for first, last in ranges]
        return [one for one in ordered if not any(first <= one.sequence <= last for first, last in covered)]

    def read_waiting(self, limit: int, after: int = 0) -> list[InboxEvent]:
        """The first events that were taken in and neither settled nor held by the schedule, in order, beyond a sequence."""
        found: list[InboxEvent] = []
        sql = (
            f"SELECT {EVENT_COLUMNS} FROM event WHERE sequence BETWEEN ? AND ?"  # noqa: S608 - a constant
            " AND NOT EXISTS (SELECT 1 FROM held WHERE held.sequence = event.sequence) ORDER BY sequence LIMIT ?"
        )
        for first, last in self._gaps(after):
            rows = self._db.execute(sql, (first, last, limit - len(found)))
            found += [to_event(*row) for row in rows]
            if len(found) >= limit:
                break
        return found

    def count_outcomes(self) -> dict[str, int]:
        sql = "SELECT outcome, CAST(sum(last - first + 1) AS INTEGER) FROM settlement GROUP BY outcome ORDER BY outcome"
        counts = {str(outcome): int(count or 0) for outcome, count in self._db.execute(sql)}
        waiting = self.last_sequence() - sum(counts.values())
        return counts | ({"waiting": waiting} if waiting else {})

    def find_outcome(self, event_id: str) -> Settled | None:
        """What became of an event; None when it waits or was never taken in."""
        sql = (
            "SELECT sequence, outcome, reason FROM event JOIN settlement ON first <= sequence AND last >= sequence"
            " WHERE crc = ? AND event_id = ?"
        )
        rows = self._db.execute(sql, (crc32(event_id.encode()), event_id))
        return Settled(int(rows[0][0] or 0), str(rows[0][1]), str(rows[0][2])) if rows else None

    def redrive(self, agreement_ids: Iterable[str], at: str) -> int:
        """Put agreements back to work: the next run reads their newest revision from both systems, so no order can be broken."""
        events = [InboxEvent(f"redrive:{one}:{at}", REDRIVE_SOURCE, one, 0, "") for one in sorted(set(agreement_ids))]
        return len(self.add(events, at))

    # ---- several workers

    def claim(self, names: Iterable[str], worker: str, until: float, now: float) -> set[str]:
        """Those of the names that are this worker's until then: free ones, and ones whose worker is gone or out of time."""
        if not self._db.is_shared:
            return set(names)
        self._db.queue_for(CLAIMS)
        if self._find_alone(self._end_claims_of_gone(), worker):
            return set()
        mine: set[str] = set()
        for chunk in chunks(sorted(set(names))):
            rows = ", ".join(["(?, ?, ?)"] * len(chunk))
            sql = (
                f"INSERT INTO claim VALUES {rows} ON CONFLICT (name) DO UPDATE SET worker = excluded.worker,"  # noqa: S608 - places
                " until = excluded.until WHERE claim.worker = excluded.worker OR claim.until < ? RETURNING name"
            )
            facts = [fact for name in chunk for fact in (name, worker, until)]
            mine |= {str(name) for (name,) in self._db.execute(sql, (*facts, now))}
        return mine

    def claim_all(self, worker: str) -> set[str]:
        """Keep all others from claiming anything, until `release_all`. Returns who is at work; then nothing is claimed."""
        if not self._db.is_shared:
            return set()
        self._db.queue_for(CLAIMS)
        others = self.find_others(worker)
        if not others:
            self._db.change("INSERT INTO claim VALUES (?, ?, 0)", (ALL, worker))
        return others

    def find_others(self, worker: str) -> set[str]:
        """Who else has claims."""
        return set(self._end_claims_of_gone().keys() - {worker}) if self._db.is_shared else set()

    def find_alone(self, worker: str) -> str:
        """Who has to be alone with the state, if that is somebody else; empty when nobody has to."""
        return self._find_alone(self._end_claims_of_gone(), worker) if self._db.is_shared else ""

    def _find_alone(self, claimants: Mapping[str, bool], worker: str) -> str:
        return next((one for one, is_alone in claimants.items() if is_alone and one != worker), "")

    def _end_claims_of_gone(self) -> dict[str, bool]:
        """Whether they have claimed everything, by those who live."""
        sql = "SELECT worker, max(CASE WHEN name = ? THEN 1 ELSE 0 END) FROM claim GROUP BY worker"
        claimants = {str(one): bool(is_alone) for one, is_alone in self._db.execute(sql, (ALL,))}
        for gone in self._db.find_gone(claimants) if claimants else ():
            self.release_all(gone)
            del claimants[gone]
        return claimants

    def renew(self, worker: str, until: float) -> int:
        """How many claims the worker still has; they last until then."""
        self._db.queue_for(CLAIMS)
        return self._db.change("UPDATE claim SET until = ? WHERE worker = ? AND name <> ?", (until, worker, ALL))

    def release(self, worker: str) -> None:
        """The worker's claims end, but for that of everything."""
        if self._db.is_shared:
            self._db.queue_for(CLAIMS)
            self._db.change("DELETE FROM claim WHERE worker = ? AND name <> ?", (worker, ALL))

    def release_all(self, worker: str) -> None:
        """The worker has no claim any more."""
        if self._db.is_shared:
            self._db.queue_for(CLAIMS)
            self._db.change("DELETE FROM claim WHERE worker = ?", (worker,))

    # ----

    def last_sequence(self) -> int:
        """The place of the newest event; 0 when there is none."""
        return int(self._db.execute("SELECT coalesce(max(sequence), 0) FROM event")[0][0] or 0)

    def _mark(self) -> int:
        rows = self._db.execute("SELECT position FROM cursor WHERE source = ?", (SETTLED,))
        return int(rows[0][0] or 0) if rows else 0

    def _move_mark(self) -> None:
        """Move the mark over the settlements that follow it without a gap."""
        before = mark = self._mark()
        sql = "SELECT first, last FROM settlement WHERE first > ? ORDER BY first LIMIT ?"
        while (further := _extend(mark, self._db.execute(sql, (mark, LOOKED_AT_ONCE)))) != mark:
            mark = further
        if mark != before:
            sql = "INSERT INTO cursor VALUES (?, ?) ON CONFLICT (source) DO UPDATE SET position = excluded.position"
            self._db.change(sql, (SETTLED, str(mark)))

    def _gaps(self, after: int) -> Iterator[tuple[int, int]]:
        """The ranges of sequences that no settlement covers."""
        end = self.last_sequence()
        place = max(self._mark(), after)
        sql = "SELECT first, last FROM settlement WHERE last > ? ORDER BY first"
        for first, last in self._db.execute(sql, (place,)):
            if int(first or 0) > place + 1:
                yield place + 1, int(first or 0) - 1
            place = max(place, int(last or 0))
        if place < end:
            yield place + 1, end


def _extend(mark: int, ranges: Iterable[SqlRow]) -> int:
    """The mark over the ranges that follow it without a gap."""
    for first, last in ranges:
        if int(first or 0) != mark + 1:
            break
        mark = int(last or 0)
    return mark


def to_event(
    event_id: object, source: object, agreement: object, revision: object, actor: object, sequence: object
) -> InboxEvent:
    return InboxEvent(str(event_id), str(source), str(agreement), int(str(revision)), str(actor), int(str(sequence)))


def _chunks(values: Iterable[int]) -> Iterator[list[int]]:
    chunk: list[int] = []
    for value in values:
        chunk.append(value)
        if len(chunk) == ASKED_AT_ONCE:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
