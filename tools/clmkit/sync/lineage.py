"""The lineage of a value in Salesforce, read from the audit chain and the inbox: events, rule, transform, mapping, approver.

    find_lineage(state, "8005e000000Axyz", "CLM_Title__c")      # by record id, or by the key that the CLM gives the row

It needs neither system and no spec: what a mapping made of a field is in the chain since the mapping came into force. The newest
step comes first. A value itself is not in the chain, its digest is; `is_current` says whether what both systems agreed on last has
the digest of the newest step.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import cast

import msgspec

from clmkit.sync.audit import Entry, digest
from clmkit.sync.origin import IN_FORCE
from clmkit.sync.state import Link, State

WRITES = ("created", "updated", "patched")
"""Kinds of entries that say which values were written: to Salesforce, or from Salesforce into the CLM."""

SHORT_ID = 15


class LineageError(Exception):
    """Nothing is known of such a value; the message says what is."""


class Event(msgspec.Struct, frozen=True):
    """A change as the inbox took it in. `actor` is who made it, as its system says."""

    sequence: int
    event_id: str
    source: str
    actor: str
    revision: int
    received_at: str


class Step(msgspec.Struct, frozen=True):
    """One write of the value. `hash` is the chain's: it proves the entry and all before it."""

    entry: int
    at: str
    kind: str
    revision: int
    rule: str
    clm: str
    transform: str
    owner: str
    mapping: str
    mapping_hash: str
    git: str
    approver: str
    events: list[Event]
    digest: str
    hash: str


class Lineage(msgspec.Struct, frozen=True):
    object: str
    key: str
    field: str
    record_id: str
    is_current: bool
    steps: list[Step]


def find_lineage(state: State, record: str, field: str) -> Lineage:
    """`record` is a Salesforce record id (15 or 18 characters) or a row's key. Raises LineageError."""
    links = _find_links(state, record)
    keys = dict.fromkeys([*(link.key for link in links), record])
    entries = [entry for key in keys for entry in state.audit.read_about(key) if _tells(entry, field)]
    if not entries:
        raise LineageError(_explain(state, list(keys), record, field))
    newest = entries[-1]
    sobject, key = str(newest.facts["object"]), _key(newest)
    link = next((one for one in links if one.key == key and field in one.base), None)
    rulesets = list(state.audit.read_kind(IN_FORCE))
    steps = [_to_step(state, entry, field, rulesets) for entry in reversed(entries) if _is_of(entry, sobject, key)]
    is_current = link is not None and _digest_now(link, field) == steps[0].digest
    return Lineage(sobject, key, field, link.record_id if link is not None else "", is_current, steps)


def read_events(state: State, sequences: Iterable[int]) -> list[Event]:
    """The events at these places of the inbox, in order."""
    sql = "SELECT sequence, event_id, source, actor, revision, received_at FROM event WHERE sequence = ?"
    rows = [row for one in sequences for row in state.database.execute(sql, (one,))]
    return [Event(int(n or 0), str(i), str(s), str(a), int(r or 0), str(at)) for n, i, s, a, r, at in rows]


def _find_links(state: State, record: str) -> list[Link]:
    is_short = len(record) == SHORT_ID
    by_id = "substr(record_id, 1, 15) = ?" if is_short else "record_id = ?"
    rows = state.database.execute(f"SELECT record_id FROM link WHERE key = ? OR {by_id}", (record, record))  # noqa: S608 - above
    return list(state.find_links_of_records(str(one) for (one,) in rows).values())


def _tells(entry: Entry, field: str) -> bool:
    return entry.kind in WRITES and field in cast("Mapping[str, str]", entry.facts.get("fields", {}))


def _key(entry: Entry) -> str:
    return str(entry.facts.get("key") or entry.facts.get("agreement"))


def _is_of(entry: Entry, sobject: str, key: str) -> bool:
    return entry.facts.get("object") == sobject and _key(entry) == key


def _digest_now(link: Link, field: str) -> str:
    return digest(str(link.lookups.get(field, link.base[field])))


def _to_step(state: State, entry: Entry, field: str, rulesets: Sequence[Entry]) -> Step:
    facts = entry.facts
    rules = cast("Mapping[str, list[str]]", facts.get("rules", {}))
    label = str(facts.get("mapping", ""))
    told = [one.facts for one in rulesets if one.sequence < entry.sequence and one.facts.get("mapping") == label]
    ruleset: Mapping[str, object] = told[-1] if told else {}
    fields = cast("Mapping[str, Mapping[str, str]]", ruleset.get("fields", {}))
    made = fields.get(f"{facts.get('object')}.{field}", {})
    return Step(
        entry=entry.sequence,
        at=entry.at,
        kind=entry.kind,
        revision=int(str(facts.get("revision", 0))),
        rule=next((reason for reason, names in rules.items() if field in names), ""),
        clm=made.get("clm", ""),
        transform=made.get("transform", ""),
        owner=made.get("owner", ""),
        mapping=label,
        mapping_hash=str(ruleset.get("hash", "")),
        git=str(ruleset.get("git", "")),
        approver=str(facts.get("approver", "")),
        events=read_events(state, cast("list[int]", facts.get("events", []))),
        digest=cast("Mapping[str, str]", facts["fields"])[field],
        hash=entry.hash,
    )


def _explain(state: State, keys: Sequence[str], record: str, field: str) -> str:
    entries = [entry for key in keys for entry in state.audit.read_about(key) if entry.kind in WRITES]
    if not entries:
        return f"The audit chain has no write of {record}: it was never synchronised, or its entries were erased."
    names = sorted({name for entry in entries for name in cast("Mapping[str, str]", entry.facts.get("fields", {}))})
    return f"The sync never wrote {field} of {record}. It wrote {', '.join(names)}."
