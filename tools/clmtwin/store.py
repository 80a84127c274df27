"""The durable store: one SQLite file. Nothing is answered before it is committed, so a kill -9 loses nothing that was answered.

Documents are JSON blobs under their id; the change log is append-only and is the feed's and the webhooks' only source.
Reading is by page, so memory does not grow with the number of agreements.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from clmtwin.model import Agreement, Change, CounterpartyEntry, Person

SCHEMA = """
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS agreement (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, body BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS change (
  sequence INTEGER PRIMARY KEY, event_id TEXT NOT NULL, type TEXT NOT NULL, agreement_id TEXT NOT NULL, revision INTEGER NOT NULL,
  occurred_at TEXT NOT NULL, actor TEXT NOT NULL, body BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS counterparty (id TEXT PRIMARY KEY, name TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS person (id TEXT PRIMARY KEY, name TEXT, email TEXT) STRICT;
CREATE TABLE IF NOT EXISTS document (id TEXT PRIMARY KEY, file_name TEXT NOT NULL, content BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS imported (source TEXT PRIMARY KEY, agreement_id TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS webhook (name TEXT PRIMARY KEY, url TEXT NOT NULL, secret TEXT NOT NULL, cursor INTEGER NOT NULL,
  delivered INTEGER NOT NULL DEFAULT 0, given_up INTEGER NOT NULL DEFAULT 0, last_error TEXT,
  events TEXT NOT NULL DEFAULT '') STRICT;
"""

TABLES = ("agreement", "change", "counterparty", "person", "document", "imported", "webhook")

_decode_agreement = msgspec.json.Decoder(Agreement).decode
_encode = msgspec.json.Encoder().encode


FULL = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE)


def is_full(error: sqlite3.Error) -> bool:
    """Whether there was no room to write: the disk, a quota or the size of a file is used up."""
    return getattr(error, "sqlite_errorcode", None) in FULL


class StoreInUse(Exception):
    """Another process writes to this file."""


class Webhook(msgspec.Struct, frozen=True):
    name: str
    url: str
    secret: str
    cursor: int
    delivered: int
    given_up: int
    last_error: str | None
    events: str = ""
    """Comma-separated events of a webhook in Ironclad's shape; empty for Standard Webhooks."""


def _to_change(
    event_id: str, sequence: int, kind: str, agreement_id: str, revision: int, occurred_at: str, actor: str, body: bytes
) -> Change:
    return Change(event_id, sequence, kind, agreement_id, revision, occurred_at, actor, msgspec.Raw(body))


class Store:
    def __init__(self, path: Path | str, *, seed: int = 0) -> None:
        self._seed = seed
        self._db = sqlite3.connect(str(path), isolation_level=None, timeout=0.5)
        try:
            self._db.execute("PRAGMA locking_mode=EXCLUSIVE")
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript(SCHEMA)
            self._db.execute("BEGIN EXCLUSIVE")
            self._db.execute("COMMIT")
        except sqlite3.OperationalError as error:
            self._db.close()
            if "locked" in str(error):
                raise StoreInUse(
                    f"{path}: another clmtwin keeps its data here; stop it or choose another --data"
                ) from error
            raise

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing: what raises inside is rolled back and raised on."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:  # SQLite has rolled back by itself when it could not write
                self._db.execute("ROLLBACK")
            raise

    def clear(self) -> None:
        for table in TABLES:
            self._db.execute(f"DELETE FROM {table}")  # noqa: S608 - names from the constant above

    def find_setting(self, name: str) -> str | None:
        row = self._db.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def put_setting(self, name: str, value: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (name, value))

    def next_agreement_number(self) -> int:
        return int(self._db.execute("SELECT coalesce(max(number), 0) + 1 FROM agreement").fetchone()[0])

    def find_agreement(self, agreement_id: str) -> Agreement | None:
        row = self._db.execute("SELECT body FROM agreement WHERE id = ?", (agreement_id,)).fetchone()
        return None if row is None else _decode_agreement(row[0])

    def read_agreement_bytes(self, after: int, limit: int) -> list[tuple[int, bytes]]:
        """The page after agreement number `after`: (number, JSON)."""
        sql = "SELECT number, body FROM agreement WHERE number > ? ORDER BY number LIMIT ?"
        return [(int(number), bytes(body)) for number, body in self._db.execute(sql, (after, limit))]

    def read_chosen_bytes(self, agreement_ids: Sequence[str]) -> list[bytes]:
        places = ", ".join("?" * len(agreement_ids))
        sql = f"SELECT body FROM agreement WHERE id IN ({places}) ORDER BY number"  # noqa: S608 - places
        return [bytes(body) for (body,) in self._db.execute(sql, tuple(agreement_ids))]

    def read_agreements(self, after: int, limit: int) -> list[tuple[int, Agreement]]:
        return [(number, _decode_agreement(body)) for number, body in self.read_agreement_bytes(after, limit)]

    def save_agreement(self, agreement: Agreement, change_type: str) -> None:
        """Keep the agreement as it now is and log the change that made it so. Call inside a transaction."""
        body = _encode(agreement)
        number = int(agreement.id.removeprefix("AGR-"))
        self._db.execute(
            "INSERT INTO agreement VALUES (?, ?, ?) ON CONFLICT(number) DO UPDATE SET body = excluded.body",
            (number, agreement.id, body),
        )
        sequence = int(self._db.execute("SELECT coalesce(max(sequence), 0) + 1 FROM change").fetchone()[0])
        self._db.execute(
            "INSERT INTO change VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                sequence,
                self._event_id(sequence),
                change_type,
                agreement.id,
                agreement.revision,
                agreement.updated_at,
                agreement.updated_by,
                body,
            ),
        )

    def _event_id(self, sequence: int) -> str:
        return "EVT-" + hashlib.sha256(f"{self._seed}:{sequence}".encode()).hexdigest()[:20]

    def last_sequence(self) -> int:
        return int(self._db.execute("SELECT coalesce(max(sequence), 0) FROM change").fetchone()[0])

    def read_changes(self, after: int, limit: int) -> list[Change]:
        sql = (
            "SELECT event_id, sequence, type, agreement_id, revision, occurred_at, actor, body"
            " FROM change WHERE sequence > ? ORDER BY sequence LIMIT ?"
        )
        rows = self._db.execute(sql, (after, limit))
        return [_to_change(*row) for row in rows]

    def put_counterparty(self, entry: CounterpartyEntry) -> None:
        self._db.execute("INSERT OR IGNORE INTO counterparty VALUES (?, ?)", (entry.id, entry.name))

    def read_counterparties(self, after: str, limit: int) -> list[CounterpartyEntry]:
        sql = "SELECT id, name FROM counterparty WHERE id > ? ORDER BY id LIMIT ?"
        return [CounterpartyEntry(*row) for row in self._db.execute(sql, (after, limit))]

    def put_person(self, person: Person) -> None:
        self._db.execute("INSERT OR REPLACE INTO person VALUES (?, ?, ?)", (person.id, person.name, person.email))

    def find_person(self, person_id: str) -> Person | None:
        row = self._db.execute("SELECT id, name, email FROM person WHERE id = ?", (person_id,)).fetchone()
        return None if row is None else Person(*row)

    def read_people(self, after: str, limit: int) -> list[Person]:
        sql = "SELECT id, name, email FROM person WHERE id > ? ORDER BY id LIMIT ?"
        return [Person(*row) for row in self._db.execute(sql, (after, limit))]

    def put_document(self, document_id: str, file_name: str, content: bytes) -> None:
        self._db.execute("INSERT OR REPLACE INTO document VALUES (?, ?, ?)", (document_id, file_name, content))

    def find_document(self, document_id: str) -> tuple[str, bytes] | None:
        row = self._db.execute("SELECT file_name, content FROM document WHERE id = ?", (document_id,)).fetchone()
        return None if row is None else (str(row[0]), bytes(row[1]))

    def find_imported(self, source: str) -> str | None:
        row = self._db.execute("SELECT agreement_id FROM imported WHERE source = ?", (source,)).fetchone()
        return None if row is None else str(row[0])

    def put_imported(self, source: str, agreement_id: str) -> None:
        self._db.execute("INSERT INTO imported VALUES (?, ?)", (source, agreement_id))

    def put_webhook(self, name: str, url: str, secret: str, events: str = "") -> None:
        """A new webhook starts with the next change; a known one keeps its place and takes the new address and secret."""
        self._db.execute(
            "INSERT INTO webhook (name, url, secret, cursor, events) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT(name) DO UPDATE SET url = excluded.url, secret = excluded.secret",
            (name, url, secret, self.last_sequence(), events),
        )

    def remove_webhook(self, name: str) -> bool:
        return self._db.execute("DELETE FROM webhook WHERE name = ?", (name,)).rowcount > 0

    def read_webhooks(self) -> list[Webhook]:
        sql = "SELECT name, url, secret, cursor, delivered, given_up, last_error, events FROM webhook ORDER BY name"
        return [Webhook(*row) for row in self._db.execute(sql)]

    def find_webhook(self, name: str) -> Webhook | None:
        return next((webhook for webhook in self.read_webhooks() if webhook.name == name), None)

    def settle_delivery(self, name: str, cursor: int, *, error: str | None) -> None:
        """Move a webhook's place past a change that was delivered (error None) or given up."""
        self._db.execute(
            "UPDATE webhook SET cursor = max(cursor, ?), delivered = delivered + ?, given_up = given_up + ?,"
            " last_error = coalesce(?, last_error) WHERE name = ?",
            (cursor, int(error is None), int(error is not None), error, name),
        )
