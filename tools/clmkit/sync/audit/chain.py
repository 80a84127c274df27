"""The audit chain: each entry carries the hash of the one before, so that a changed, removed or inserted entry is found by name.

hash(n) = SHA-256 over the canonical JSON of [sequence, at, kind, digest, hash(n-1)], digest = SHA-256 of the body. So a body can be
taken out, for retention or on a person's request, and the chain still holds, as long as an entry about it says so. Each body
carries a random salt: what is gone cannot be found again by trying. Bodies name fields and outcomes and carry digests of values,
not the values: what may not leave the CLM is not in the audit either.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import cast

GENESIS = "0" * 64
ERASURES = ("erased", "retention ended")
"""Kinds of entries that say which bodies were taken out; their own bodies stay."""


_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode
_text = json.JSONEncoder().encode


@dataclass(frozen=True, slots=True)
class Entry:
    """`body` is canonical JSON, or None when it was erased."""

    sequence: int
    at: str
    kind: str
    body: str | None
    digest: str
    previous: str
    hash: str

    @property
    def facts(self) -> Mapping[str, object]:
        """What the body says; nothing when it was erased."""
        facts: dict[str, object] = json.loads(self.body) if self.body is not None else {}
        facts.pop("salt", None)
        return facts


def seal(sequence: int, at: str, kind: str, body: Mapping[str, object], previous: str, salt: str) -> Entry:
    text = _canonical({**body, "salt": salt})
    body_digest = _digest_of(text)
    return Entry(sequence, at, kind, text, body_digest, previous, _hash(sequence, at, kind, body_digest, previous))


def find_break(entries: Iterable[Entry]) -> str | None:
    """The first entry that does not follow, in words; None when the whole chain holds."""
    expected, previous = 1, GENESIS
    bodiless: dict[int, None] = {}
    for entry in entries:
        if entry.sequence != expected:
            return f"entry {expected} is missing: entry {entry.sequence} stands in its place"
        if entry.previous != previous:
            return f"entry {entry.sequence} does not follow entry {expected - 1}: the entry before was changed"
        is_true = entry.body is None or _digest_of(entry.body) == entry.digest
        if not is_true or entry.hash != _hash(entry.sequence, entry.at, entry.kind, entry.digest, entry.previous):
            return f"entry {entry.sequence} was changed: its content does not match its hash"
        if entry.body is None:
            bodiless[entry.sequence] = None
        elif entry.kind in ERASURES:
            for gone in cast("list[int]", entry.facts["entries"]):
                bodiless.pop(gone, None)
        expected, previous = expected + 1, entry.hash
    unaccounted = next(iter(bodiless), None)
    return None if unaccounted is None else f"entry {unaccounted} was emptied, and no erasure after it says so"


def digest(value: object) -> str:
    """A short fingerprint of a value, to compare without showing."""
    text = _text(value) if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _hash(sequence: int, at: str, kind: str, body_digest: str, previous: str) -> str:
    return _digest_of(_canonical([sequence, at, kind, body_digest, previous]))
