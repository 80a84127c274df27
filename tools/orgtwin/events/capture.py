"""A committed transaction -> change events.

A record changes once a transaction, from what it was before to what it is at the commit. Records with the same change go into one
event ("Merged Change Events", Change Data Capture Developer Guide); beyond 100,000 changes there is one overflow event an object
("Overflow Events"); a change over 1 MB leaves a gap event ("Gap Events").
ASSUMED: a record that a transaction changes several times makes one event, and one that it creates and deletes makes none; records
that are created or undeleted are never merged.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from orgtwin.events.model import EMPTY_RECORD_ID, GAP_OF, Change, ChangeType, Transaction
from orgtwin.records.model import Row, Value
from orgtwin.records.table import ID, SYSTEM_MODSTAMP, Reader, RecordTable
from orgtwin.records.transactions import Change as Write
from orgtwin.records.transactions import Entry
from orgtwin.schema.change_events import captured_fields

OVERFLOW_THRESHOLD = 100_000
_MOST_BYTES = 1_000_000
_MODIFIED_DATE = "LastModifiedDate"


class _First(NamedTuple):
    """How a record stood when the transaction first wrote it."""

    table: RecordTable
    row: Row
    write: Write
    before: Row | None


@dataclass(slots=True)
class Overflow:
    """How many changes a transaction has made so far, and which objects it went over with."""

    threshold: int = OVERFLOW_THRESHOLD
    changes: int = 0
    entities: list[str] = field(default_factory=list)

    def takes(self, entity: str, changes: int) -> bool:
        """Count a record's changes; False when they are beyond the threshold."""
        self.changes += changes
        if self.changes <= self.threshold:
            return True
        if entity not in self.entities:
            self.entities.append(entity)
        return False


@dataclass(slots=True)
class _Draft:
    entity: str
    change_type: ChangeType
    record_ids: list[str]
    values: dict[str, Value]
    changed: tuple[str, ...]


def capture(
    entries: Iterable[Entry], selected: frozenset[str], transaction: Transaction, threshold: int = OVERFLOW_THRESHOLD
) -> list[Change]:
    """The change events of a transaction, in the order in which it first wrote the records."""
    overflow = Overflow(threshold)
    drafts = [
        draft
        for first in _first_writes(entries, selected).values()
        if (draft := _draft(first)) and _counts(overflow, draft)
    ]
    changes = [
        Change(d.entity, d.change_type, tuple(d.record_ids), transaction, number, d.values, d.changed)
        for number, d in enumerate(_merged(drafts), start=1)
    ]
    for entity in overflow.entities:
        number = len(changes) + 1
        changes.append(Change(entity, ChangeType.GAP_OVERFLOW, (EMPTY_RECORD_ID,), transaction, number))
    return changes


def _first_writes(entries: Iterable[Entry], selected: frozenset[str]) -> dict[Value, _First]:
    firsts: dict[Value, _First] = {}
    for entry in entries:
        record_id = entry.row[ID]
        if entry.table.type.api_name not in selected or entry.change is Write.PUBLISHED:
            continue
        if record_id not in firsts:
            firsts[record_id] = _First(entry.table, entry.row, entry.change, entry.before)
    return firsts


def _counts(overflow: Overflow, draft: _Draft) -> bool:
    return overflow.takes(draft.entity, max(1, len(draft.changed)))


_WAS_LIVE = (Write.CHANGED, Write.RECYCLED)
_WAS_IN_BIN = (Write.RESTORED, Write.PURGED)


def _draft(first: _First) -> _Draft | None:
    """What became of one record, or None when nothing did that a subscriber would be told."""
    table, row = first.table, first.row
    record_id = str(row[ID])
    is_live = table.live.get(record_id) is row
    if not is_live:
        return _header_only(first, ChangeType.DELETE) if first.write in _WAS_LIVE else None
    if first.write is Write.CHANGED and first.before is not None:
        return _update(first, first.before)
    change_type = ChangeType.UNDELETE if first.write in _WAS_IN_BIN else ChangeType.CREATE
    values: dict[str, Value] = {
        name: value for name, read in table.compiled(_readers) if (value := read(row)) is not None
    }
    return _sized(_Draft(table.type.api_name, change_type, [record_id], values, ()))


def _header_only(first: _First, change_type: ChangeType) -> _Draft:
    return _Draft(first.table.type.api_name, change_type, [str(first.row[ID])], {}, ())


def _readers(table: RecordTable) -> list[tuple[str, Reader]]:
    return [(f.api_name, table.reader(f.api_name)) for f in captured_fields(table.type)]


def _update(first: _First, before: Row) -> _Draft | None:
    table, row = first.table, first.row
    slots = _changed_slots(before, row)
    if not slots or slots == [SYSTEM_MODSTAMP]:
        return None
    names = {table.slots[name.lower()]: name for name in table.compiled(_names) if name.lower() in table.slots}
    values: dict[str, Value] = {}
    for slot in slots:
        name = names.get(slot)
        if name is None:
            continue
        read = table.reader(name)
        if read(before) != read(row):
            values[name] = read(row)
    if not values:
        return None
    return _sized(_Draft(table.type.api_name, ChangeType.UPDATE, [str(row[ID])], values, tuple(values)))


def _names(table: RecordTable) -> list[str]:
    return [f.api_name for f in captured_fields(table.type)]


def _changed_slots(before: Row, row: Row) -> list[int]:
    width = min(len(before), len(row))
    slots = [at for at in range(width) if before[at] != row[at]]
    longer = before if len(before) > width else row
    return slots + [at for at in range(width, len(longer)) if longer[at] is not None]


def _sized(draft: _Draft) -> _Draft:
    """The draft, or the gap that a change over 1 MB leaves."""
    if sum(len(value) for value in draft.values.values() if isinstance(value, str)) <= _MOST_BYTES:
        return draft
    return _Draft(draft.entity, GAP_OF[draft.change_type], draft.record_ids, {}, ())


_MERGED = (ChangeType.UPDATE, ChangeType.DELETE, ChangeType.GAP_UPDATE)


def _merged(drafts: Sequence[_Draft]) -> list[_Draft]:
    """Records with the same change in one event, at the place of the first."""
    kept: list[_Draft] = []
    by_change: dict[object, _Draft] = {}
    for draft in drafts:
        if draft.change_type not in _MERGED:
            kept.append(draft)
            continue
        same = frozenset((name, value) for name, value in draft.values.items() if name != _MODIFIED_DATE)
        key = (draft.entity, draft.change_type, draft.changed, same)
        other = by_change.setdefault(key, draft)
        if other is draft:
            kept.append(draft)
        else:
            other.record_ids.extend(draft.record_ids)
    return kept
