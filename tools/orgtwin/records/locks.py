"""Rows that another transaction holds.

The twin runs one transaction at a time, so that two never meet by themselves: whoever tests what happens then says which rows
another client holds, and until when (`POST /twin/admin/locks`).

    org.locks.hold(record_ids, until)      until None: until it is released
    org.locks.find_held(record_ids)        those that are still held after the longest wait

Who needs a held row waits at most ten seconds; the wait itself is not played, its outcome is told at once. Sources: "Locking
Statements" (Apex Developer Guide); "Record-Level Locking" (Designing Record Access for Enterprise Scale): a detail locks its
master; "Managing Lookup Skew" (Salesforce Engineering Blog): an insert or update locks what its lookups name. ASSUMED: only the
rows that need a held one are refused, not all of their batch; an undelete, and what goes with its parent, needs none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from orgtwin.records.approval_locks import refuse_locked
from orgtwin.records.model import Row
from orgtwin.records.saving import Operation, Pending, Save
from orgtwin.records.table import ID, RecordTable
from orgtwin.schema.model import FieldType

if TYPE_CHECKING:
    from orgtwin.records.context import RecordsContext

LONGEST_WAIT = timedelta(seconds=10)
UNAVAILABLE = "unable to obtain exclusive access to this record or {} records: {}"
Reader = Callable[[Row], object]


@dataclass(frozen=True, slots=True)
class Lock:
    """The rows of one other transaction."""

    lock_id: int
    record_ids: frozenset[str]
    until: datetime | None


class RowLocks:
    """What other transactions hold."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._locks: dict[int, Lock] = {}
        self._made = 0

    def hold(self, record_ids: Iterable[str], until: datetime | None = None) -> Lock:
        self._made += 1
        lock = self._locks[self._made] = Lock(self._made, frozenset(record_ids), until)
        return lock

    def release(self, lock_id: int | None = None) -> list[Lock]:
        """End one of the transactions, or all of them; those that ended."""
        ended = [lock for lock in self.all() if lock_id in (None, lock.lock_id)]
        for lock in ended:
            del self._locks[lock.lock_id]
        return ended

    def all(self) -> list[Lock]:
        """The transactions that are still open."""
        if not self._locks:
            return []
        now = self._clock()
        self._locks = {n: lock for n, lock in self._locks.items() if lock.until is None or lock.until > now}
        return list(self._locks.values())

    def find_held(self, record_ids: Iterable[str]) -> list[str]:
        """The rows that nobody gets by waiting."""
        if not self._locks:
            return []
        soon = self._clock() + LONGEST_WAIT
        held = [lock.record_ids for lock in self.all() if lock.until is None or lock.until > soon]
        return [record_id for record_id in record_ids if any(record_id in of_one for of_one in held)]


def lock_rows(context: RecordsContext, save: Save) -> None:
    """Step 1: the rows that are changed or deleted."""
    refuse_locked(context, save)
    if context.locks.all() and save.operation is not Operation.INSERT:
        for row in save.rows:
            _refuse_held(context, row, [str(row.content[ID])])


def lock_parents(context: RecordsContext, save: Save) -> None:
    """Before they are written: the masters of the rows, and what the lookups of inserted and changed rows name."""
    if not context.locks.all():
        return
    readers = list(_references(save.table, with_lookups=save.operation is not Operation.DELETE))
    for row in save.rows:
        _refuse_held(context, row, [str(value) for read in readers if (value := read(row.content)) is not None])


def _references(table: RecordTable, *, with_lookups: bool) -> Iterator[Reader]:
    """Who owns, made or changed a row is not locked with it."""
    for field in table.type.fields:
        is_lookup = with_lookups and field.createable and field.api_name != "OwnerId"
        if field.type is FieldType.REFERENCE and (is_lookup or field.master_detail_order is not None):
            yield table.reader(field.api_name)


def _refuse_held(context: RecordsContext, row: Pending, record_ids: list[str]) -> None:
    held = context.locks.find_held(record_ids)
    if held:
        row.refuse("UNABLE_TO_LOCK_ROW", UNAVAILABLE.format(len(held), ",".join(held)))
