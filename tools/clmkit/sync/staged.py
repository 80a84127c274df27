"""The staged rows of a backfill on the disk (`staging` makes them): what is to be remembered of each once Salesforce has it.

backfill_agreement   every agreement that was read, and what became of it
backfill_row         the rows of one batch: links without record ids, what follows each in calls of its own, what the audit says
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from clmkit.sync.database import Database, SqlRow

SCHEMA = """
CREATE TABLE IF NOT EXISTS backfill_agreement (agreement_id TEXT PRIMARY KEY, fate TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS backfill_row (
  object TEXT NOT NULL, key TEXT NOT NULL, agreement_id TEXT NOT NULL, revision INTEGER NOT NULL, base TEXT NOT NULL,
  lookups TEXT NOT NULL, own TEXT NOT NULL, later TEXT NOT NULL, body TEXT NOT NULL, saved INTEGER NOT NULL,
  PRIMARY KEY (object, key)) STRICT;
"""
_COLUMNS = ("object", "key", "agreement_id", "revision", "base", "lookups", "own", "later", "body", "saved")
_ASKED_AT_ONCE = 500
Scalar: TypeAlias = str | bool | int | None
Body: TypeAlias = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Later:
    """One value that follows alone: `column` heads the CSV, `field` and `value` are what to remember."""

    column: str
    cell: str
    field: str
    value: Scalar


@dataclass(frozen=True, slots=True)
class StagedRow:
    """`own` names the rows of the sync itself that fields refer to: field -> (object mapping, key)."""

    object: str
    key: str
    agreement_id: str
    revision: int
    cells: Mapping[str, str]
    base: Mapping[str, Scalar]
    lookups: Mapping[str, str]
    own: Mapping[str, tuple[str, str]]
    later: tuple[Later, ...]
    body: Body
    """Of the audit entry."""


class Staging:
    """The staged rows on the disk. Writes happen inside a transaction of the caller's."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def put(self, rows: Sequence[StagedRow]) -> None:
        facts = [
            (r.object, r.key, r.agreement_id, r.revision, _json(r.base), _json(r.lookups), _json(r.own),
             _json([(one.column, one.cell, one.field, one.value) for one in r.later]), _json(r.body), 0)
            for r in rows
        ]  # fmt: skip
        self._db.append("backfill_row", _COLUMNS, facts)

    def find(self, mapping: str, keys: Iterable[str]) -> dict[str, StagedRow]:
        found = {}
        sql = "SELECT object, key, agreement_id, revision, base, lookups, own, later, body FROM backfill_row"
        for chunk in _chunks(keys):
            places = ", ".join("?" * len(chunk))
            condition = f" WHERE object = ? AND key IN ({places})"
            for row in self._db.execute(sql + condition, (mapping, *chunk)):
                found[str(row[1])] = _to_row(row)
        return found

    def note_saved(self, mapping: str, keys: Iterable[str]) -> None:
        sql = "UPDATE backfill_row SET saved = 1 WHERE object = ? AND key = ?"
        self._db.change_all(sql, [(mapping, key) for key in keys])

    def read_later(self, mapping: str) -> list[StagedRow]:
        """The rows that are in Salesforce and have something to follow."""
        sql = (
            "SELECT object, key, agreement_id, revision, base, lookups, own, later, body FROM backfill_row"
            " WHERE object = ? AND saved = 1 AND later <> '[]' ORDER BY key"
        )
        return [_to_row(row) for row in self._db.execute(sql, (mapping,))]

    def put_later(self, rows: Iterable[StagedRow]) -> None:
        """Keep what still has to follow."""
        facts = [
            (_json([(one.column, one.cell, one.field, one.value) for one in row.later]), row.object, row.key)
            for row in rows
        ]
        self._db.change_all("UPDATE backfill_row SET later = ? WHERE object = ? AND key = ?", facts)

    def clear_rows(self) -> None:
        self._db.change("DELETE FROM backfill_row")

    def put_fates(self, fates: Mapping[str, str]) -> None:
        self._db.append("backfill_agreement", ("agreement_id", "fate"), fates.items())

    def find_taken(self, agreement_ids: Iterable[str]) -> set[str]:
        found: set[str] = set()
        for chunk in _chunks(agreement_ids):
            places = ", ".join("?" * len(chunk))
            sql = f"SELECT agreement_id FROM backfill_agreement WHERE agreement_id IN ({places})"  # noqa: S608 - places
            found.update(str(one) for (one,) in self._db.execute(sql, chunk))
        return found

    def count_fates(self) -> dict[str, int]:
        sql = "SELECT fate, count(*) FROM backfill_agreement GROUP BY fate ORDER BY fate"
        return {str(fate): int(count or 0) for fate, count in self._db.execute(sql)}

    def clear(self) -> None:
        self.clear_rows()
        self._db.change("DELETE FROM backfill_agreement")


def _to_row(row: SqlRow) -> StagedRow:
    mapping, key, agreement_id, revision, *documents = row
    base, lookups, own, later, body = (json.loads(str(one)) for one in documents)
    places = {name: (str(place[0]), str(place[1])) for name, place in own.items()}
    following = tuple(Later(*one) for one in later)
    return StagedRow(
        str(mapping), str(key), str(agreement_id), int(revision or 0), {}, base, lookups, places, following, body
    )


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _chunks(values: Iterable[str]) -> list[list[str]]:
    ordered = sorted(set(values))
    return [ordered[start : start + _ASKED_AT_ONCE] for start in range(0, len(ordered), _ASKED_AT_ONCE)]
