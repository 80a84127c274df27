"""The sync's memory: one SQLite file. Written in short transactions after each answer, so a kill -9 costs one repeated request.

inbox    every event once (key: event id), with its outcome when it is settled; unsettled ones are what the next run starts with
link     object mapping + key -> Salesforce record id, the last agreed values (base), the revision that wrote them
parked   values, rows and conflicts that wait for a person, each with reason and steward; resolved ones stay, marked
cursor   where to go on reading in each system
audit    the hash chain (`audit`)
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from clmkit.sync.audit import GENESIS, Entry, seal

Scalar: TypeAlias = str | bool | int | None
Fields: TypeAlias = Mapping[str, Scalar]

SCHEMA = """
CREATE TABLE IF NOT EXISTS cursor (source TEXT PRIMARY KEY, position TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS inbox (
  event_id TEXT PRIMARY KEY, source TEXT NOT NULL, agreement_id TEXT NOT NULL, revision INTEGER NOT NULL, actor TEXT NOT NULL,
  received_at TEXT NOT NULL, outcome TEXT, reason TEXT) STRICT;
CREATE INDEX IF NOT EXISTS inbox_waiting ON inbox (agreement_id) WHERE outcome IS NULL;
CREATE TABLE IF NOT EXISTS link (
  object TEXT NOT NULL, key TEXT NOT NULL, agreement_id TEXT NOT NULL, record_id TEXT NOT NULL, revision INTEGER NOT NULL,
  modstamp TEXT NOT NULL, base TEXT NOT NULL, PRIMARY KEY (object, key)) STRICT;
CREATE INDEX IF NOT EXISTS link_agreement ON link (agreement_id);
CREATE TABLE IF NOT EXISTS parked (
  object TEXT NOT NULL, key TEXT NOT NULL, field TEXT NOT NULL, agreement_id TEXT NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL,
  reason TEXT NOT NULL, steward TEXT NOT NULL, since TEXT NOT NULL, attempts INTEGER NOT NULL, resolved_at TEXT,
  PRIMARY KEY (object, key, field)) STRICT;
CREATE INDEX IF NOT EXISTS parked_agreement ON parked (agreement_id) WHERE resolved_at IS NULL;
CREATE TABLE IF NOT EXISTS audit (
  sequence INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL, previous TEXT NOT NULL,
  hash TEXT NOT NULL) STRICT;
"""


class StateError(Exception):
    """The state file cannot be used; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class InboxEvent:
    event_id: str
    source: str
    agreement_id: str
    revision: int
    actor: str


@dataclass(frozen=True, slots=True)
class Link:
    object: str
    key: str
    agreement_id: str
    record_id: str
    revision: int
    modstamp: str
    base: Fields


@dataclass(frozen=True, slots=True)
class Parked:
    """Something that waits for a person. `kind`:

    value     the row went on without it        conflict  both sides changed it
    row       the whole row waits               gone      only Salesforce still has the row
    """

    object: str
    key: str
    field: str
    agreement_id: str
    kind: str
    value: str
    reason: str
    steward: str
    since: str = ""
    attempts: int = 0


class State:
    def __init__(self, path: Path | str) -> None:
        try:
            self._db = sqlite3.connect(str(path), isolation_level=None, timeout=0.5)
            self._db.execute("PRAGMA locking_mode=EXCLUSIVE")
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript(SCHEMA)
            self._db.execute("BEGIN EXCLUSIVE")
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            raise StateError(_explain(path, error)) from error

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing. Raises StateError when the file cannot take it."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
            yield
            self._db.execute("COMMIT")
        except BaseException as error:
            if self._db.in_transaction:  # SQLite has rolled back by itself when it could not write
                self._db.execute("ROLLBACK")
            if isinstance(error, sqlite3.OperationalError):
                raise StateError(_explain("the state file", error)) from error
            raise

    def get_cursor(self, source: str) -> str:
        row = self._db.execute("SELECT position FROM cursor WHERE source = ?", (source,)).fetchone()
        return "" if row is None else str(row[0])

    def put_cursor(self, source: str, position: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO cursor VALUES (?, ?)", (source, position))

    def add_events(self, events: Iterable[InboxEvent], at: str) -> list[InboxEvent]:
        """Take events in, each once; the answer leaves out those that were known."""
        sql = "INSERT OR IGNORE INTO inbox (event_id, source, agreement_id, revision, actor, received_at) VALUES (?, ?, ?, ?, ?, ?)"
        return [
            event
            for event in events
            if self._db.execute(
                sql, (event.event_id, event.source, event.agreement_id, event.revision, event.actor, at)
            ).rowcount
        ]

    def has_event(self, event_id: str) -> bool:
        return self._db.execute("SELECT 1 FROM inbox WHERE event_id = ?", (event_id,)).fetchone() is not None

    def read_waiting(self, limit: int) -> list[InboxEvent]:
        """Events that were taken in and not settled: all those of the first agreements, `limit` events at most in one go."""
        sql = "SELECT event_id, source, agreement_id, revision, actor FROM inbox WHERE outcome IS NULL ORDER BY rowid LIMIT ?"
        return [InboxEvent(*row) for row in self._db.execute(sql, (limit,))]

    def redrive(self, agreement_ids: Iterable[str], at: str) -> int:
        """Put agreements back to work: the next run reads their newest revision from both systems, so no order can be broken."""
        events = [InboxEvent(f"redrive:{one}:{at}", "redrive", one, 0, "") for one in sorted(set(agreement_ids))]
        return len(self.add_events(events, at))

    def settle(self, event_ids: Iterable[str], outcome: str, reason: str) -> None:
        sql = "UPDATE inbox SET outcome = ?, reason = ? WHERE event_id = ? AND outcome IS NULL"
        self._db.executemany(sql, [(outcome, reason, event_id) for event_id in event_ids])

    def count_outcomes(self) -> dict[str, int]:
        sql = "SELECT coalesce(outcome, 'waiting'), count(*) FROM inbox GROUP BY 1 ORDER BY 1"
        return {str(outcome): int(count) for outcome, count in self._db.execute(sql)}

    def find_link(self, mapping: str, key: str) -> Link | None:
        sql = "SELECT object, key, agreement_id, record_id, revision, modstamp, base FROM link WHERE object = ? AND key = ?"
        row = self._db.execute(sql, (mapping, key)).fetchone()
        return None if row is None else _to_link(*row)

    def put_link(self, link: Link) -> None:
        base = json.dumps(dict(link.base), sort_keys=True, separators=(",", ":"))
        self._db.execute(
            "INSERT OR REPLACE INTO link VALUES (?, ?, ?, ?, ?, ?, ?)",
            (link.object, link.key, link.agreement_id, link.record_id, link.revision, link.modstamp, base),
        )

    def remove_link(self, mapping: str, key: str) -> None:
        self._db.execute("DELETE FROM link WHERE object = ? AND key = ?", (mapping, key))

    def read_keys_of(self, agreement_id: str) -> list[tuple[str, str]]:
        """The linked rows of an agreement: (object mapping, key)."""
        sql = "SELECT object, key FROM link WHERE agreement_id = ? ORDER BY object, key"
        return [(str(mapping), str(key)) for mapping, key in self._db.execute(sql, (agreement_id,))]

    def count_links_of(self, mapping: str) -> int:
        return int(self._db.execute("SELECT count(*) FROM link WHERE object = ?", (mapping,)).fetchone()[0])

    def count_linked_agreements(self) -> int:
        return int(self._db.execute("SELECT count(DISTINCT agreement_id) FROM link").fetchone()[0])

    def count_links(self) -> dict[str, int]:
        sql = "SELECT object, count(*) FROM link GROUP BY object ORDER BY object"
        return {str(mapping): int(count) for mapping, count in self._db.execute(sql)}

    def park(self, rows: Sequence[Parked], at: str) -> None:
        """Keep what waits. The same thing parked again keeps its age and counts another attempt."""
        sql = (
            "INSERT INTO parked VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1, NULL) ON CONFLICT (object, key, field) DO UPDATE SET"
            " agreement_id = excluded.agreement_id, kind = excluded.kind, value = excluded.value, reason = excluded.reason,"
            " steward = excluded.steward, since = CASE WHEN resolved_at IS NULL THEN since ELSE excluded.since END,"
            " attempts = CASE WHEN resolved_at IS NULL THEN attempts + 1 ELSE 1 END, resolved_at = NULL"
        )
        for row in rows:
            facts = (row.object, row.key, row.field, row.agreement_id, row.kind, row.value, row.reason, row.steward, at)
            self._db.execute(sql, facts)

    def resolve_parked(self, agreement_id: str, still: Iterable[Parked], at: str) -> None:
        """Mark as resolved what waited for this agreement and does not any more."""
        waiting = {(row.object, row.key, row.field) for row in still}
        sql = "UPDATE parked SET resolved_at = ? WHERE object = ? AND key = ? AND field = ?"
        for row in self.read_parked(agreement_id=agreement_id):
            if (row.object, row.key, row.field) not in waiting:
                self._db.execute(sql, (at, row.object, row.key, row.field))

    def read_parked(
        self, *, kind: str | None = None, agreement_id: str | None = None, code: str | None = None
    ) -> list[Parked]:
        """What waits for a person, oldest first. `code` selects by a part of the reason."""
        sql = (
            "SELECT object, key, field, agreement_id, kind, value, reason, steward, since, attempts FROM parked"
            " WHERE resolved_at IS NULL AND kind = coalesce(?, kind) AND agreement_id = coalesce(?, agreement_id)"
            " AND instr(reason, coalesce(?, reason)) > 0 ORDER BY since, object, key, field"
        )
        return [Parked(*row) for row in self._db.execute(sql, (kind, agreement_id, code))]

    def record(self, at: str, kind: str, body: Mapping[str, object]) -> None:
        """Append to the audit chain."""
        row = self._db.execute("SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1").fetchone()
        sequence, previous = (0, GENESIS) if row is None else (int(row[0]), str(row[1]))
        entry = seal(sequence + 1, at, kind, body, previous)
        self._db.execute(
            "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?)",
            (entry.sequence, entry.at, entry.kind, entry.body, entry.previous, entry.hash),
        )

    def read_audit(self) -> Iterator[Entry]:
        for row in self._db.execute("SELECT sequence, at, kind, body, previous, hash FROM audit ORDER BY sequence"):
            yield Entry(*row)


def _to_link(
    mapping: str, key: str, agreement_id: str, record_id: str, revision: int, modstamp: str, base: str
) -> Link:
    return Link(mapping, key, agreement_id, record_id, revision, modstamp, json.loads(base))


def _explain(path: Path | str, error: sqlite3.Error) -> str:
    if "locked" in str(error):
        return f"{path}: another sync works with this state; end it, or give this one another state file."
    if "full" in str(error):
        return f"{path}: the disk is full. Nothing was lost; make room and run again."
    return f"{path}: cannot be used as the sync's state: {error}"
