"""The open cursors of one twin. Those of an org that is kept in a directory outlive a restart.

Kept are the query, its caller and the ids of the records that it found; a batch shows the records as they are when it is read,
without those that are gone for good. A result of groups or of computed objects is found again by running its query.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import overload

import msgspec

from orgtwin.http.message import Request
from orgtwin.organization import Organization
from orgtwin.records.model import Caller, Row
from orgtwin.soql import Cursor, Cursors, QueryResult, VirtualTables, execute, resume
from orgtwin.soql.cursors import MOST_PER_USER

_KIND = "cursor"
_encode = msgspec.msgpack.Encoder().encode
_decode_ids = msgspec.msgpack.Decoder(list[str]).decode


class _Entry(msgspec.Struct, frozen=True):
    caller: Caller
    text: str
    batch_size: int
    opened_at: datetime
    all_rows: bool
    is_tooling: bool
    stored_in: str


class OpenCursors(Cursors):
    """Cursors, and what is kept of them."""

    def __init__(self, org: Organization) -> None:
        super().__init__(org.ids, org.clock)
        self._org = org
        self._kept = org.kept_jobs
        self._asleep = self._kept.of_kind(_KIND, _Entry)

    def open_for(self, request: Request, result: QueryResult, size: int, *, all_rows: bool, is_tooling: bool) -> str:
        """Keep a result whose first batch is answered; returns the cursor's id."""
        self._make_room(request.caller.user_id)
        cursor_id = self.open(request.caller.user_id, result, size)
        if self._kept.is_kept:
            if result.stored_in:
                self._kept.write_file(f"{cursor_id}.ids", _encode([row[0] for row in result.selected]))
            opened_at = self._open[cursor_id].opened_at
            entry = _Entry(request.caller, result.text, size, opened_at, all_rows, is_tooling, result.stored_in)
            self._kept.put(_KIND, cursor_id, entry)
        return cursor_id

    def _make_room(self, user_id: str) -> None:
        """Let go of the user's oldest cursors that nobody has asked for since the restart."""
        awake = sum(1 for cursor in self._open.values() if cursor.user_id == user_id)
        asleep = [key for key, entry in self._asleep.items() if entry.caller.user_id == user_id]
        for cursor_id in asleep[: max(0, len(asleep) + awake - MOST_PER_USER + 1)]:
            del self._asleep[cursor_id]
            self._kept.drop(_KIND, cursor_id)

    def wake(self, request: Request, cursor_id: str) -> None:
        """Open a cursor that an earlier run of this org has left; nothing happens when there is none."""
        entry = self._asleep.pop(cursor_id, None)
        if entry is not None:
            tables = request.twin.tooling_tables if entry.is_tooling else request.twin.data_tables
            result = self._result(cursor_id, entry, tables)
            self._open[cursor_id] = Cursor(entry.caller.user_id, result, entry.batch_size, entry.opened_at)

    def _result(self, cursor_id: str, entry: _Entry, tables: VirtualTables) -> QueryResult:
        if not entry.stored_in:
            return execute(self._org, entry.caller, entry.text, virtual=tables, all_rows=entry.all_rows)
        rows = _RowsOf(self._org, entry.stored_in, _decode_ids(self._kept.read_file(f"{cursor_id}.ids")))
        return resume(self._org, entry.caller, entry.text, rows, virtual=tables, all_rows=entry.all_rows)

    def _close(self, cursor_id: str) -> None:
        super()._close(cursor_id)
        self._kept.drop(_KIND, cursor_id)


class _RowsOf(Sequence[Row]):
    """The records of these ids, each at its place; a slice leaves out those that are gone for good."""

    def __init__(self, org: Organization, sobject_type: str, ids: list[str]) -> None:
        self._table = org.table(sobject_type)
        self._ids = ids

    def __len__(self) -> int:
        return len(self._ids)

    @overload
    def __getitem__(self, place: int) -> Row: ...
    @overload
    def __getitem__(self, place: slice) -> list[Row]: ...
    def __getitem__(self, place: int | slice) -> Row | list[Row]:
        if isinstance(place, slice):
            deleted = {row[0]: row for row in self._table.deleted_rows()}
            found = (self._table.get(record_id) or deleted.get(record_id) for record_id in self._ids[place])
            return [row for row in found if row is not None]
        rows = self[place : place + 1]
        if not rows:
            raise IndexError(place)
        return rows[0]
