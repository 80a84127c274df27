"""The hash tree of an object's rows: which leaf of the key space differs, without reading the others. Pure, but for its table.

A leaf is a range of keys with about LEAF_ROWS rows; its content is the sum of its rows' hashes, so that their order is nothing.
A leaf that was found equal is remembered with what Salesforce says of the range: how many records, and the newest SystemModstamp.
Every save moves SystemModstamp, so a range of which Salesforce still says the same was not written since ("System Fields", Object
Reference). Only a formula can change without it. Ranges of ranges are asked for together, from the root down.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from clmkit.sync.database import Database

LEAF_ROWS = 1_000
FAN_OUT = 5
"""As many queries as one composite call takes."""
SCHEMA = """
CREATE TABLE IF NOT EXISTS tree_leaf (
  object TEXT NOT NULL, first TEXT NOT NULL, rows INTEGER NOT NULL, modstamp TEXT NOT NULL, hash TEXT NOT NULL,
  PRIMARY KEY (object, first)) STRICT;
"""
_MODULUS = 2**256
_NEVER = -1
"""In place of a number of rows: the leaf was never found equal."""
_encode = msgspec.json.Encoder(order="sorted").encode


@dataclass(frozen=True, slots=True)
class Signature:
    """What Salesforce says of a range: records with a key, and the newest SystemModstamp among them."""

    rows: int
    modstamp: str


@dataclass(frozen=True, slots=True)
class Leaf:
    """Keys from `first` up to the next leaf's. `signature` is None for a leaf that was never found equal."""

    first: str
    signature: Signature | None = None
    hash: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """Neighbouring leaves, by place, up to but not including `end`."""

    start: int
    end: int

    def split(self) -> list[Span]:
        size = -(-(self.end - self.start) // FAN_OUT)
        return [Span(at, min(at + size, self.end)) for at in range(self.start, self.end, size)]


def to_signature(rows: int, newest: str) -> Signature:
    """From what an answer says; REST and Bulk spell one instant differently."""
    return Signature(
        rows, datetime.fromisoformat(newest).astimezone(UTC).isoformat(timespec="milliseconds") if newest else ""
    )


def signature_of(leaves: Sequence[Leaf], span: Span) -> Signature | None:
    """What Salesforce would say of the span when nothing was written since; None when a part was never found equal."""
    known = [leaf.signature for leaf in leaves[span.start : span.end]]
    found = [one for one in known if one is not None]
    if len(found) < len(known):
        return None
    return Signature(sum(one.rows for one in found), max((one.modstamp for one in found), default=""))


def cut(keys: Iterable[str], size: int = LEAF_ROWS) -> list[Leaf]:
    """Leaves over keys in order; the first begins before every key."""
    return [Leaf("" if place == 0 else key) for place, key in enumerate(keys) if place % size == 0] or [Leaf("")]


def row_hash(key: str, base: Mapping[str, object]) -> int:
    """Of a row that holds what both systems agreed on last."""
    return int.from_bytes(hashlib.sha256(_encode([key, base])).digest(), "big")


def add(one: int, other: int) -> int:
    return (one + other) % _MODULUS


class Tree:
    """The leaves on the disk. Writes happen inside a transaction of the caller's."""

    def __init__(self, database: Database, mapping: str) -> None:
        self._db, self._mapping = database, mapping

    def read(self) -> list[Leaf]:
        sql = "SELECT first, rows, modstamp, hash FROM tree_leaf WHERE object = ? ORDER BY first"
        return [
            Leaf(str(first), None if rows == _NEVER else Signature(int(rows or 0), str(stamp)), str(own))
            for first, rows, stamp, own in self._db.execute(sql, (self._mapping,))
        ]

    def put(self, leaves: Iterable[Leaf]) -> None:
        sql = (
            "INSERT INTO tree_leaf VALUES (?, ?, ?, ?, ?) ON CONFLICT (object, first) DO UPDATE SET"
            " rows = excluded.rows, modstamp = excluded.modstamp, hash = excluded.hash"
        )
        self._db.change_all(sql, [(self._mapping, leaf.first, *_told(leaf), leaf.hash) for leaf in leaves])

    def forget(self) -> None:
        self._db.change("DELETE FROM tree_leaf WHERE object = ?", (self._mapping,))


def _told(leaf: Leaf) -> tuple[int, str]:
    return (_NEVER, "") if leaf.signature is None else (leaf.signature.rows, leaf.signature.modstamp)


def root_of(leaves: Iterable[Leaf]) -> str:
    """The hash of the whole tree; empty as long as a leaf is not known to be equal."""
    hashes = [leaf.hash for leaf in leaves]
    return hashlib.sha256(msgspec.json.encode(hashes)).hexdigest() if all(hashes) else ""


def ranges(leaves: Sequence[Leaf], span: Span) -> Iterator[tuple[str, str]]:
    """(first key, key after the last) of a span; empty for no bound."""
    yield leaves[span.start].first, leaves[span.end].first if span.end < len(leaves) else ""
