"""The audit chain: each entry carries the hash of the one before, so that a changed, removed or inserted entry is found by name.

hash(n) = SHA-256 over the canonical JSON of [sequence, at, kind, body, hash(n-1)]. Entries name fields and outcomes and
carry digests of values, not the values: what may not leave the CLM is not in the audit either.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class Entry:
    sequence: int
    at: str
    kind: str
    body: str
    previous: str
    hash: str


def seal(sequence: int, at: str, kind: str, body: Mapping[str, object], previous: str) -> Entry:
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return Entry(sequence, at, kind, text, previous, _hash(sequence, at, kind, text, previous))


def find_break(entries: Iterable[Entry]) -> str | None:
    """The first entry that does not follow, in words; None when the whole chain holds."""
    expected, previous = 1, GENESIS
    for entry in entries:
        if entry.sequence != expected:
            return f"entry {expected} is missing: entry {entry.sequence} stands in its place"
        if entry.previous != previous:
            return f"entry {entry.sequence} does not follow entry {expected - 1}: the entry before was changed"
        if entry.hash != _hash(entry.sequence, entry.at, entry.kind, entry.body, entry.previous):
            return f"entry {entry.sequence} was changed: its content does not match its hash"
        expected, previous = expected + 1, entry.hash
    return None


def digest(value: object) -> str:
    """A short fingerprint of a value, to compare without showing."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _hash(sequence: int, at: str, kind: str, body: str, previous: str) -> str:
    content = json.dumps([sequence, at, kind, body, previous], separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(content.encode()).hexdigest()
