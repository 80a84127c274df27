"""The sync's memory. Written in short transactions after each answer, so a kill -9 costs one repeated request.

inbox    every event once, and what became of it (`inbox`)
schedule what waits for its time by its latency class (`schedule`)
link     object mapping + key -> Salesforce record id, the last agreed values (base), the revision that wrote them
parked   values, rows and conflicts that wait for a person, each with reason and steward; resolved ones stay, marked
offer    what the CLM is being given, until its answer is remembered (`offers`)
cursor   where to go on reading in each system
audit    the hash chain (`audit`)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, cast

import msgspec

from clmkit.sync import inbox, offers, outbox, schedule, staged, tree
from clmkit.sync.audit import AuditLog, Entry, log
from clmkit.sync.database import SqlRow, StateError, Target, chunks, open_database, places
from clmkit.sync.inbox import Inbox
from clmkit.sync.layout import require_layout
from clmkit.sync.offers import Offers
from clmkit.sync.outbox import Outbox
from clmkit.sync.schedule import Schedule

Scalar: TypeAlias = str | bool | int | None
Fields: TypeAlias = Mapping[str, Scalar]
Hops: TypeAlias = Mapping[str, int]

SCHEMA = (
    """
CREATE TABLE IF NOT EXISTS cursor (source TEXT PRIMARY KEY, position TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS link (
  object TEXT NOT NULL, key TEXT NOT NULL, agreement_id TEXT NOT NULL, record_id TEXT NOT NULL, revision INTEGER NOT NULL,
  modstamp TEXT NOT NULL, base TEXT NOT NULL, lookups TEXT NOT NULL, hops TEXT NOT NULL, PRIMARY KEY (object, key)) STRICT;
CREATE INDEX IF NOT EXISTS link_agreement ON link (agreement_id);
CREATE INDEX IF NOT EXISTS link_record ON link (record_id);
CREATE TABLE IF NOT EXISTS parked (
  object TEXT NOT NULL, key TEXT NOT NULL, field TEXT NOT NULL, agreement_id TEXT NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL,
  reason TEXT NOT NULL, steward TEXT NOT NULL, since TEXT NOT NULL, attempts INTEGER NOT NULL, resolved_at TEXT,
  PRIMARY KEY (object, key, field)) STRICT;
CREATE INDEX IF NOT EXISTS parked_agreement ON parked (agreement_id) WHERE resolved_at IS NULL;
"""
    + log.SCHEMA
    + inbox.SCHEMA
    + offers.SCHEMA
    + outbox.SCHEMA
    + schedule.SCHEMA
    + staged.SCHEMA
    + tree.SCHEMA
)
LINK = "object, key, agreement_id, record_id, revision, modstamp, base, lookups, hops"
PARKED = "object, key, field, agreement_id, kind, value, reason, steward, since, attempts"


class Link(msgspec.Struct, frozen=True, gc=False):
    """What the sync knows of a row on both sides.

    `base` is what both agree on by field, lookups as match values; `lookups` are the record ids that were written for them. `hops`
    says of which fields a value was put back, and on which side (`decide`).
    """

    object: str
    key: str
    agreement_id: str
    record_id: str
    revision: int
    modstamp: str
    base: Fields
    lookups: Mapping[str, str] = {}
    hops: Hops = {}


UNREAD = "unread"
MOST_SHOWN = 4000


@dataclass(frozen=True, slots=True)
class Parked:
    """Something that waits for a person. `kind`:

    value     the row went on without it        conflict  both sides changed it
    row       the whole row waits               gone      only Salesforce still has the row
    unread    an event that names no agreement; `agreement_id` and `key` are the event's own name
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


_LinkRow: TypeAlias = tuple[str, str, str, str, int, str, str, str, str]
_ENCODER, _DECODER = msgspec.json.Encoder(order="sorted"), msgspec.json.Decoder(dict[str, Any])


class State:
    def __init__(self, target: Target) -> None:
        """Raises StateError."""
        self.database = open_database(target, SCHEMA)
        try:
            require_layout(self.database, SCHEMA)
        except StateError as error:
            self.database.close()
            raise StateError(f"{target}: {error}" if isinstance(target, Path) else str(error)) from error
        self.inbox = Inbox(self.database)
        self.offers = Offers(self.database)
        self.outbox = Outbox(self.database)
        self.schedule = Schedule(self.database)
        self.audit = AuditLog(self.database)

    def close(self) -> None:
        self.database.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing. Raises StateError when the database cannot take it."""
        with self.database.transaction():
            yield

    def get_cursor(self, source: str) -> str:
        rows = self.database.execute("SELECT position FROM cursor WHERE source = ?", (source,))
        return str(rows[0][0]) if rows else ""

    def put_cursor(self, source: str, position: str) -> None:
        sql = "INSERT INTO cursor VALUES (?, ?) ON CONFLICT (source) DO UPDATE SET position = excluded.position"
        self.database.change(sql, (source, position))

    def find_link(self, mapping: str, key: str) -> Link | None:
        return self.find_links(mapping, (key,)).get(key)

    def find_links(self, mapping: str, keys: Iterable[str]) -> dict[str, Link]:
        """The links of an object mapping by key, those that there are."""
        return {link.key: link for link in self._links_where("object = ? AND key IN {}", keys, (mapping,))}

    def find_links_of_records(self, record_ids: Iterable[str]) -> dict[str, Link]:
        """The links by Salesforce record id."""
        return {link.record_id: link for link in self._links_where("record_id IN {}", record_ids)}

    def find_links_of_agreements(self, agreement_ids: Iterable[str]) -> list[Link]:
        """Every linked row of these agreements, in the order of object and key."""
        links = self._links_where("agreement_id IN {}", agreement_ids)
        return sorted(links, key=lambda link: (link.object, link.key))

    def _links_where(self, condition: str, values: Iterable[str], before: Sequence[str] = ()) -> Iterator[Link]:
        for chunk in chunks(values):
            sql = f"SELECT {LINK} FROM link WHERE {condition.format(places(chunk))}"  # noqa: S608 - places
            for row in self.database.execute(sql, (*before, *chunk)):
                yield _to_link(row)

    def put_links(self, links: Iterable[Link]) -> None:
        sql = (
            "INSERT INTO link VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (object, key) DO UPDATE SET"
            " agreement_id = excluded.agreement_id, record_id = excluded.record_id, revision = excluded.revision,"
            " modstamp = excluded.modstamp, base = excluded.base, lookups = excluded.lookups, hops = excluded.hops"
        )
        self.database.change_all(sql, [_from_link(link) for link in links])

    def remove_link(self, mapping: str, key: str) -> None:
        self.database.change("DELETE FROM link WHERE object = ? AND key = ?", (mapping, key))

    def count_links_of(self, mapping: str) -> int:
        return _count(self.database.execute("SELECT count(*) FROM link WHERE object = ?", (mapping,)))

    def count_linked_agreements(self) -> int:
        return _count(self.database.execute("SELECT count(DISTINCT agreement_id) FROM link"))

    def find_other_agreements(self, agreement_id: str, most: int) -> list[str]:
        """Some linked agreements but this one: those that follow it, else those before it."""
        sql = "SELECT DISTINCT agreement_id FROM link WHERE agreement_id {} ? ORDER BY agreement_id {} LIMIT ?"
        found: list[str] = []
        for order in ((">", ""), ("<", "DESC")):
            rows = self.database.execute(sql.format(*order), (agreement_id, most - len(found)))
            found += [str(one) for (one,) in rows]
        return found

    def read_agreement_ids(self) -> list[str]:
        """Every agreement that has a row in Salesforce."""
        return [
            str(one) for (one,) in self.database.execute("SELECT DISTINCT agreement_id FROM link ORDER BY agreement_id")
        ]

    def count_links(self) -> dict[str, int]:
        sql = "SELECT object, count(*) FROM link GROUP BY object ORDER BY object"
        return {str(mapping): int(count or 0) for mapping, count in self.database.execute(sql)}

    def park(self, rows: Sequence[Parked], at: str) -> None:
        """Keep what waits. The same thing parked again keeps its age and counts another attempt."""
        sql = (
            "INSERT INTO parked VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1, NULL) ON CONFLICT (object, key, field) DO UPDATE SET"
            " agreement_id = excluded.agreement_id, kind = excluded.kind, value = excluded.value, reason = excluded.reason,"
            " steward = excluded.steward, since = CASE WHEN parked.resolved_at IS NULL THEN parked.since ELSE excluded.since END,"
            " attempts = CASE WHEN parked.resolved_at IS NULL THEN parked.attempts + 1 ELSE 1 END, resolved_at = NULL"
        )
        facts = [
            (p.object, p.key, p.field, p.agreement_id, p.kind, _seen(p.value), _seen(p.reason), p.steward, at)
            for p in rows
        ]
        self.database.change_all(sql, facts)

    def resolve_parked(self, agreement_ids: Iterable[str], still: Iterable[Parked], at: str) -> None:
        """Mark as resolved what waited for these agreements and does not any more."""
        waiting = {(row.object, row.key, row.field) for row in still}
        sql = "UPDATE parked SET resolved_at = ? WHERE object = ? AND key = ? AND field = ?"
        for chunk in chunks(agreement_ids):
            found = (
                f"SELECT object, key, field FROM parked WHERE resolved_at IS NULL AND agreement_id IN {places(chunk)}"  # noqa: S608 - places
            )
            rows = [tuple(str(one) for one in row) for row in self.database.execute(found, chunk)]
            self.database.change_all(sql, [(at, *place) for place in rows if place not in waiting])

    def read_parked(
        self, *, kind: str | None = None, agreement_id: str | None = None, code: str | None = None
    ) -> list[Parked]:
        """What waits for a person, oldest first. `code` selects by a part of the reason."""
        wanted = [("kind = ?", kind), ("agreement_id = ?", agreement_id)]
        chosen = [(condition, value) for condition, value in wanted if value is not None]
        where = " AND ".join(["resolved_at IS NULL", *(condition for condition, _ in chosen)])
        sql = f"SELECT {PARKED} FROM parked WHERE {where} ORDER BY since, object, key, field"  # noqa: S608 - the lines above
        rows = [_to_parked(row) for row in self.database.execute(sql, [value for _, value in chosen])]
        return [row for row in rows if code is None or code in row.reason]

    def pause(self, at: str, reason: str) -> None:
        """Keep the sync from working, from its next round on, until `resume`."""
        with self.transaction():
            self.put_cursor("pause", f"Paused since {at[:19]}Z: {reason}. `clmkit sync resume` lets it go on.")
            self.record(at, "paused", {"reason": reason})

    def resume(self, at: str) -> bool:
        """Whether it was paused."""
        if not self.get_cursor("pause"):
            return False
        with self.transaction():
            self.put_cursor("pause", "")
            self.record(at, "resumed", {})
        return True

    def find_linked(self, keys: Iterable[str]) -> list[str]:
        """Those of the keys, of rows or agreements, that are still linked."""
        sql = "SELECT 1 FROM link WHERE key = ? OR agreement_id = ? LIMIT 1"
        return [key for key in keys if self.database.execute(sql, (key, key))]

    def record(self, at: str, kind: str, *bodies: Mapping[str, object]) -> None:
        """Append to the audit chain, one entry for each body."""
        self.audit.record(at, kind, *bodies)

    def read_audit(self) -> Iterator[Entry]:
        """The chain in order, a part at a time."""
        return self.audit.read()


def _to_link(row: SqlRow) -> Link:
    mapping, key, agreement_id, record_id, revision, modstamp, base, lookups, hops = cast(_LinkRow, row)
    documents = [_DECODER.decode(document) if document else {} for document in (base, lookups, hops)]
    return Link(mapping, key, agreement_id, record_id, revision, modstamp, *documents)


def _from_link(link: Link) -> tuple[str | int, ...]:
    facts = (link.object, link.key, link.agreement_id, link.record_id, link.revision, link.modstamp)
    return (*facts, _document(link.base), _document(link.lookups), _document(link.hops))


def _document(values: Mapping[str, object]) -> str:
    return _ENCODER.encode(dict(values)).decode() if values else ""


def _seen(text: str) -> str:
    """What a person reads of a text: with a sign for NUL, which PostgreSQL does not keep, and not to the end of a very long one."""
    shown = text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}... ({len(text)} characters)"
    return shown.replace("\0", "\u2400")


def _to_parked(row: SqlRow) -> Parked:
    texts = [str(text) for text in row[:-1]]
    mapping, key, name, agreement_id, kind, value, reason, steward, since = texts
    return Parked(mapping, key, name, agreement_id, kind, value, reason, steward, since, int(row[-1] or 0))


def _count(rows: Sequence[SqlRow]) -> int:
    return int(rows[0][0] or 0)
