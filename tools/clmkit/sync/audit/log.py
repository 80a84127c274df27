"""The audit chain in the sync's database. Entries are only added; a body may be taken out, and that is an entry of its own.

A legal hold on a key keeps the bodies that name it, whatever retention or a person's request say, until it is released.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from clmkit.sync.audit.chain import ERASURES, GENESIS, Entry, seal
from clmkit.sync.database import Database

SCHEMA = """
CREATE TABLE IF NOT EXISTS audit (
  sequence INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL, body TEXT, digest TEXT NOT NULL, previous TEXT NOT NULL,
  hash TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS legal_hold (key TEXT PRIMARY KEY, reason TEXT NOT NULL, since TEXT NOT NULL) STRICT;
"""
COLUMNS = ("sequence", "at", "kind", "body", "digest", "previous", "hash")
NAMING = ("key", "agreement", "keys")
"""The members of a body that name whose data an entry is about."""
_PAGE = 1000


class LegalHold(Exception):
    """What is to be erased is kept for a court or an authority; the message names the holds."""


@dataclass(frozen=True, slots=True)
class Hold:
    key: str
    reason: str
    since: str


class AuditLog:
    def __init__(self, database: Database, new_salt: Callable[[], str] = lambda: secrets.token_hex(8)) -> None:
        self._database = database
        self._new_salt = new_salt

    def last_sequence(self) -> int:
        """The place of the newest entry; 0 when there is none."""
        return int(self._database.execute("SELECT coalesce(max(sequence), 0) FROM audit")[0][0] or 0)

    def record(self, at: str, kind: str, *bodies: Mapping[str, object]) -> None:
        """Append one entry for each body. Call inside a transaction."""
        self._database.queue_for("audit")
        rows = self._database.execute("SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1")
        sequence, previous = (int(rows[0][0] or 0), str(rows[0][1])) if rows else (0, GENESIS)
        entries: list[Entry] = []
        for body in bodies:
            entries.append(seal(sequence + len(entries) + 1, at, kind, body, previous, self._new_salt()))
            previous = entries[-1].hash
        facts = [(e.sequence, e.at, e.kind, e.body, e.digest, e.previous, e.hash) for e in entries]
        self._database.append("audit", COLUMNS, facts)

    def read(self) -> Iterator[Entry]:
        """The chain in order, a part at a time."""
        return self._read("", ())

    def read_after(self, sequence: int) -> Iterator[Entry]:
        return self._read(" AND sequence > ?", (sequence,))

    def read_kind(self, kind: str) -> Iterator[Entry]:
        return self._read(" AND kind = ?", (kind,))

    def read_about(self, key: str) -> list[Entry]:
        """The entries that name a row or an agreement by its key."""
        quoted = json.dumps(key).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        mentioning = self._read(" AND body LIKE ? ESCAPE '\\'", (f"%{quoted}%",))
        return [entry for entry in mentioning if key in named(entry)]

    def _read(self, condition: str, parameters: tuple[str | int, ...]) -> Iterator[Entry]:
        sql = f"SELECT {', '.join(COLUMNS)} FROM audit WHERE sequence > ?{condition} ORDER BY sequence LIMIT {_PAGE}"  # noqa: S608 - constants
        last = 0
        while rows := self._database.execute(sql, (last, *parameters)):
            for sequence, at, kind, body, digest, previous, own in rows:
                last = int(sequence or 0)
                kept = None if body is None else str(body)
                yield Entry(last, str(at), str(kind), kept, str(digest), str(previous), str(own))

    def hold(self, at: str, key: str, reason: str) -> None:
        sql = (
            "INSERT INTO legal_hold VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET reason = excluded.reason,"
            " since = excluded.since"
        )
        self._database.change(sql, (key, reason, at))
        self.record(at, "hold placed", {"key": key, "reason": reason})

    def release(self, at: str, key: str, reason: str) -> bool:
        """Whether there was a hold."""
        released = self._database.change("DELETE FROM legal_hold WHERE key = ?", (key,)) > 0
        if released:
            self.record(at, "hold released", {"key": key, "reason": reason})
        return released

    def read_holds(self) -> list[Hold]:
        rows = self._database.execute("SELECT key, reason, since FROM legal_hold ORDER BY key")
        return [Hold(str(key), str(reason), str(since)) for key, reason, since in rows]

    def erase(self, at: str, keys: Iterable[str], reason: str) -> int:
        """Take out the bodies that name one of the keys; the entry about it names nobody. Raises LegalHold."""
        wanted = set(keys)
        self._require_free(wanted)
        return self._take_out(at, "erased", reason, lambda entry: bool(wanted & named(entry)))

    def _require_free(self, keys: set[str]) -> None:
        """Raises LegalHold when one of the keys is held, or one that is named beside them: a hold keeps the bodies that name it."""
        holds = self.read_holds()
        beside = keys.union(*(names for entry in self.read() if keys & (names := named(entry)))) if holds else keys
        held = [hold for hold in holds if hold.key in beside]
        if held:
            told = ", ".join(f"{hold.key} since {hold.since} ({hold.reason})" for hold in held)
            raise LegalHold(f"Nothing was erased: a legal hold keeps {told}. `clmkit audit release` ends it.")

    def retain(self, at: str, since: str, reason: str) -> int:
        """Take out the bodies older than `since` that no hold keeps."""
        held = {hold.key for hold in self.read_holds()}
        return self._take_out(at, "retention ended", reason, lambda e: e.at < since and not held & named(e))

    def _take_out(self, at: str, kind: str, reason: str, is_wanted: Callable[[Entry], bool]) -> int:
        bodies = (entry for entry in self.read() if entry.body is not None and entry.kind not in ERASURES)
        gone = [entry.sequence for entry in bodies if is_wanted(entry)]
        if gone:
            self._database.change_all("UPDATE audit SET body = NULL WHERE sequence = ?", ((one,) for one in gone))
            self.record(at, kind, {"entries": gone, "reason": reason})
        return len(gone)


def named(entry: Entry) -> set[str]:
    """The keys that an entry names: of a row, of its agreement."""
    facts, found = entry.facts, set[str]()
    for member in NAMING:
        value = facts.get(member)
        found |= (
            {value} if isinstance(value, str) else {str(one) for one in value} if isinstance(value, list) else set()
        )
    return found
