"""Give every pair of the two systems a new key without losing one: written, proved row by row, gone on with when killed.

The new key has a field of its own, which the release before has deployed. The pairs are the sync's links: key -> record id, so the
records are written by their ids and no second one can come to be. Then the org is read again; only when it holds every pair under
the new key, and no other, do the links change, all in one transaction. Until then the old mapping can be taken up again.

    build/rekey/contract.jsonl     the proof: a line a row, with the old key, the new one, the record and what the org holds
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from clmkit.clients.clm import JsonObject, whole
from clmkit.mapping.evaluate import Evaluator, Row, is_owned_by_salesforce
from clmkit.mapping.model import ObjectMapping, Spec
from clmkit.release.disk import write_whole
from clmkit.sync.identity import CURSOR, identity_of, rekey_links
from clmkit.sync.org_rows import read_in
from clmkit.sync.ports import ClmSystem, Org
from clmkit.sync.state import State

AT_ONCE = 200
"""Source: REST API Developer Guide, "sObject Collections"."""
SHOWN = 10


class RekeyRefused(Exception):
    """The keys are not changed, or not yet; `str()` says why, and what to do. What was written stays right and is not repeated."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One row of both systems, by the key that it had and the one that it gets."""

    agreement: str
    old: str
    new: str
    record_id: str


@dataclass(frozen=True, slots=True)
class Proof:
    """What became of the pairs of one object. `written` were not right before this run."""

    object: str
    before: int
    after: int
    written: int
    path: Path


@dataclass(frozen=True, slots=True)
class Systems:
    """Both systems and what the sync knows of them."""

    org: Org
    clm: ClmSystem
    state: State


def find_rekeyed(old: Spec, new: Spec) -> tuple[ObjectMapping, ...]:
    """The object mappings whose key changed, parents first. Raises RekeyRefused for a change that is not a change of keys alone."""
    before = {mapping.name: mapping for mapping in old.objects}
    found = [one for one in new.objects if one.name in before and identity_of(before[one.name]) != identity_of(one)]
    for mapping in found:
        earlier = before[mapping.name]
        if earlier.salesforce != mapping.salesforce or earlier.clm != mapping.clm:
            raise RekeyRefused(
                f"{mapping.name}: its rows or its Salesforce object changed, too; change the key in a release of its own"
            )
        if earlier.key.salesforce == mapping.key.salesforce:
            raise RekeyRefused(
                f"{mapping.name}: the new key is to stand in {mapping.key.salesforce}, where the old one is; give it a field of "
                "its own, so that both stand until the proof is made"
            )
        if is_owned_by_salesforce(mapping):
            raise RekeyRefused(
                f"{mapping.name}: its records belong to Salesforce and are not linked; load {mapping.key.salesforce} there"
            )
    if not found:
        raise RekeyRefused("no key changed between the two mappings")
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Intent:
    """What would become of the pairs of one object: `missing` records do not hold their new key yet."""

    object: str
    pairs: int
    missing: int


async def plan_rekey(old: Spec, new: Spec, systems: Systems) -> list[Intent]:
    """Look at every pair and write nothing. Raises RekeyRefused for what would stop the change of keys, WireError, StateError."""
    intents = []
    async for mapping, keys in _match_all(old, new, systems):
        pairs, _ = _require_pairs(mapping, keys, systems.state)
        missing = await _find_missing(mapping, pairs, systems.org)
        intents.append(Intent(mapping.name, len(pairs), len(missing)))
    return intents


async def rekey(old: Spec, new: Spec, systems: Systems, folder: Path, at: str) -> list[Proof]:
    """Change the keys of every object whose key changed. Raises RekeyRefused, WireError, StateError."""
    return [
        await _rekey_object(new, mapping, keys, systems, folder, at)
        async for mapping, keys in _match_all(old, new, systems)
    ]


async def _match_all(old: Spec, new: Spec, systems: Systems) -> AsyncIterator[tuple[ObjectMapping, Keys]]:
    """Every object whose key changed, with both keys of its rows."""
    mappings = find_rekeyed(old, new)
    agreements = [agreement async for agreement in whole(systems.clm.read_agreements())]
    for mapping in mappings:
        yield mapping, match_keys(Evaluator(old), Evaluator(new), mapping, agreements)


Keys = Mapping[str, tuple[str, str]]
"""Old key -> new key and agreement."""


def match_keys(old: Evaluator, new: Evaluator, mapping: ObjectMapping, agreements: Iterable[JsonObject]) -> Keys:
    """Both keys of every row of the CLM. Raises RekeyRefused when a row gets none, or two rows get the same; pure."""
    found: dict[str, tuple[str, str]] = {}
    faults: list[str] = []
    for agreement in agreements:
        rows = zip(old.rows(mapping.name, agreement), new.rows(mapping.name, agreement), strict=True)
        for before, after in rows:
            if before.key:
                found[before.key] = after.key, str(agreement["id"])
                faults += _find_fault(mapping, before, after)
    counts = Counter(key for key, _ in found.values() if key)
    faults += [f"{key} would be the key of {count} rows" for key, count in counts.items() if count > 1]
    _require_none(faults, f"{mapping.name}: not every row has a key of its own at {mapping.key.clm}")
    return found


def _find_fault(mapping: ObjectMapping, before: Row, after: Row) -> list[str]:
    return [] if after.key else [f"{before.key} has nothing at {mapping.key.clm}"]


def _require_none(faults: Sequence[str], title: str) -> None:
    if faults:
        more = [f"... and {len(faults) - SHOWN:,} more"] if len(faults) > SHOWN else []
        raise RekeyRefused("\n".join([title, *faults[:SHOWN], *more, "nothing more was written"]))


async def _rekey_object(
    new: Spec, mapping: ObjectMapping, keys: Keys, systems: Systems, folder: Path, at: str
) -> Proof:
    state, before = systems.state, systems.state.count_links_of(mapping.name)
    pairs, is_moved = _require_pairs(mapping, keys, state)
    written = await _write(mapping, await _find_missing(mapping, pairs, systems.org), systems.org)
    path = await _prove(mapping, pairs, systems.org, folder)
    if not is_moved:
        moved = {pair.old: pair.new for pair in pairs}
        rekey_links(state, new, mapping, moved, {pair.agreement for pair in pairs}, at)
    after = state.find_links(mapping.name, [pair.new for pair in pairs])
    lost = [f"{pair.new}: no longer {pair.record_id}" for pair in pairs if after[pair.new].record_id != pair.record_id]
    _require_none(lost, f"{mapping.name}: links that changed their record")
    return Proof(mapping.name, before, len(after), written, path)


def _require_pairs(mapping: ObjectMapping, keys: Keys, state: State) -> tuple[list[Pair], bool]:
    """The linked rows of the CLM, and whether their links were moved before. Raises RekeyRefused while a link has no row."""
    is_moved = state.get_cursor(f"{CURSOR}{mapping.name}") == identity_of(mapping)
    pairs, before = _find_pairs(mapping, keys, state, is_moved=is_moved), state.count_links_of(mapping.name)
    if len(pairs) != before:
        raise RekeyRefused(
            f"{mapping.name}: {before - len(pairs):,} of {before:,} links have no row in the CLM; run the sync with the old "
            "mapping and settle what waits, then run this again"
        )
    return pairs, is_moved


def _find_pairs(mapping: ObjectMapping, keys: Keys, state: State, *, is_moved: bool) -> list[Pair]:
    """The linked rows of the CLM; after the links were moved they are found by their new key."""
    links = state.find_links(mapping.name, [new for new, _ in keys.values()] if is_moved else list(keys))
    rows = ((old, new, agreement, links.get(new if is_moved else old)) for old, (new, agreement) in keys.items())
    return [Pair(agreement, old, new, link.record_id) for old, new, agreement, link in rows if link is not None]


async def _find_missing(mapping: ObjectMapping, pairs: Sequence[Pair], org: Org) -> list[Pair]:
    """The pairs whose record does not hold its new key yet. Raises RekeyRefused for a record that is gone or holds another key."""
    held = {record_id: key async for record_id, key in _read(mapping, [pair.record_id for pair in pairs], org)}
    faults = [f"{pair.old}: {pair.record_id} is not in the org" for pair in pairs if pair.record_id not in held]
    faults += [
        f"{pair.old}: {pair.record_id} already has the key {held[pair.record_id]}"
        for pair in pairs
        if held.get(pair.record_id) not in (None, pair.new)
    ]
    _require_none(faults, f"{mapping.name}: records that cannot take their new key")
    return [pair for pair in pairs if held[pair.record_id] is None]


async def _write(mapping: ObjectMapping, todo: Sequence[Pair], org: Org) -> int:
    """Write new keys by record id; answer how many those were."""
    field = mapping.key.salesforce
    for start in range(0, len(todo), AT_ONCE):
        some = todo[start : start + AT_ONCE]
        records = [{"Id": pair.record_id, field: pair.new} for pair in some]
        results = await org.upsert_collection(mapping.salesforce, "Id", records)
        verdicts = zip(some, results, strict=True)
        refused = [f"{pair.old}: {result.code}: {result.message}" for pair, result in verdicts if not result.is_success]
        _require_none(refused, f"{mapping.name}: the org refuses new keys; what it took is not written again")
    return len(todo)


async def _read(mapping: ObjectMapping, record_ids: Iterable[str], org: Org) -> AsyncIterator[tuple[str, str | None]]:
    field = mapping.key.salesforce
    async for record in read_in(org, mapping.salesforce, ("Id", field), "Id", record_ids):
        yield str(record["Id"]), record[field]


async def _prove(mapping: ObjectMapping, pairs: Sequence[Pair], org: Org, folder: Path) -> Path:
    """Read the org by the new key and hold it against every pair. Raises RekeyRefused with the proof written."""
    field, held = mapping.key.salesforce, dict[str, list[str]]()
    async for record in org.query(f"SELECT Id, {field} FROM {mapping.salesforce} WHERE {field} != null"):  # noqa: S608 - names of a linted spec
        held.setdefault(str(record[field]), []).append(str(record["Id"]))
    rows = [(pair, held.pop(pair.new, [])) for pair in pairs]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{mapping.name}.jsonl"
    write_whole(path, "".join(_line(pair, found) for pair, found in rows).encode())
    wrong = [
        f"{pair.new}: is {', '.join(found) or 'nowhere'}, not {pair.record_id}"
        for pair, found in rows
        if found != [pair.record_id]
    ]
    wrong += [f"{key}: on {', '.join(found)}, which no pair is" for key, found in held.items()]
    _require_none(
        wrong, f"{mapping.name}: the org does not hold the pairs under the new key; the links were not changed"
    )
    return path


def _line(pair: Pair, found: Sequence[str]) -> str:
    verdict = "same record" if list(found) == [pair.record_id] else "wrong"
    row = {
        "agreement": pair.agreement,
        "old": pair.old,
        "new": pair.new,
        "record": pair.record_id,
        "org": list(found),
        "verdict": verdict,
    }
    return json.dumps(row, ensure_ascii=False) + "\n"
