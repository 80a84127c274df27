"""Insert, update and upsert: whole-call checks, batches of 200 through the save order, one result a row.

Source: "Bulk DML Exception Handling", "sObject Collections" and "Upsert Records" in the Apex and REST API Developer Guides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from orgtwin.access.grants import Grant
from orgtwin.errors import SalesforceError, SaveError, SaveResult
from orgtwin.records import merging, save_order
from orgtwin.records.context import RecordsContext
from orgtwin.records.deletion import NO_ACCESS
from orgtwin.records.laws import make_room
from orgtwin.records.matching import Match, Matcher, find_by_id
from orgtwin.records.model import Caller, Row
from orgtwin.records.new_rows import NewRows
from orgtwin.records.removal import Removal
from orgtwin.records.saving import Operation, Pending, Save
from orgtwin.records.table import ID, RecordTable
from orgtwin.records.writer import Writer

BATCH = 200
_ATTEMPTS = 3  # partial success runs a batch again without the rows that failed after they were stored

WireRows = Sequence[Mapping[str, object]]
Numbered = list[tuple[int, Mapping[str, object]]]
Results = list[SaveResult | None]
Entry = tuple[int, Mapping[str, object], Row | None]
T = TypeVar("T")

_TOO_MANY_RETRIES = SaveError(  # ASSUMED code; the text is the platform's
    "LIMIT_EXCEEDED", "Too many batch retries in the presence of Apex triggers and partial failures."
)
ROLLED_BACK = SaveError(
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "Record rolled back because not all records were valid and the request was using AllOrNone header",
)


class RecordDml:
    """The one way by which records change."""

    def __init__(self, context: RecordsContext) -> None:
        self._context = context
        self._writers: dict[tuple[str, bool, bool], Writer] = {}
        self._new_rows = NewRows(context)
        self._removal = Removal(context)
        self.rows_taken = 0  # by all calls so far, saved or refused

    # ---- the five verbs

    def insert(
        self, caller: Caller, sobject_type: str, rows: WireRows, *, all_or_none: bool = False, text: bool = False
    ) -> list[SaveResult]:
        table = self._require_table(caller, sobject_type)
        self._require_right(caller, table, Operation.INSERT)

        def insert_batch(chunk: Numbered, results: Results) -> None:
            batch = [(position, wire, None) for position, wire in chunk]
            self._save(caller, table, Operation.INSERT, batch, results, text=text)

        return self._in_batches(caller, rows, insert_batch, all_or_none)

    def update(
        self, caller: Caller, sobject_type: str, rows: WireRows, *, all_or_none: bool = False, text: bool = False
    ) -> list[SaveResult]:
        table = self._require_table(caller, sobject_type)
        self._require_right(caller, table, Operation.UPDATE)

        def update_batch(chunk: Numbered, results: Results) -> None:
            batch: list[Entry] = []
            for position, wire in chunk:
                found = find_by_id(table, wire)
                if isinstance(found, SaveError):
                    results[position] = SaveResult(None, False, False, (found,))
                else:
                    batch.append((position, wire, found))
            for part in _without_repeats(batch):
                self._save(caller, table, Operation.UPDATE, part, results, text=text)

        return self._in_batches(caller, rows, update_batch, all_or_none)

    def upsert(
        self,
        caller: Caller,
        sobject_type: str,
        external_id_field: str,
        rows: WireRows,
        *,
        all_or_none: bool = False,
        text: bool = False,
        update_only: bool = False,
    ) -> list[SaveResult]:
        table = self._require_table(caller, sobject_type)
        matcher = Matcher(table, self._context.grant(caller, table.type.api_name), external_id_field, text=text)

        def upsert_batch(chunk: Numbered, results: Results) -> None:
            matches = [matcher.match(position, wire, update_only=update_only) for position, wire in chunk]
            self._save_matches(caller, table, matches, results, text=text)

        return self._in_batches(caller, rows, upsert_batch, all_or_none)

    def delete(
        self, caller: Caller, record_ids: Sequence[str], *, all_or_none: bool = False, hard: bool = False
    ) -> list[SaveResult]:
        def delete_batch(chunk: list[tuple[int, str]], results: Results) -> None:
            self._removal.delete(caller, chunk, results, hard=hard)

        return self._in_batches(caller, record_ids, delete_batch, all_or_none)

    def undelete(self, caller: Caller, record_ids: Sequence[str], *, all_or_none: bool = False) -> list[SaveResult]:
        def undelete_batch(chunk: list[tuple[int, str]], results: Results) -> None:
            self._removal.undelete(caller, chunk, results)

        return self._in_batches(caller, record_ids, undelete_batch, all_or_none)

    def merge(self, caller: Caller, master: Mapping[str, object], losers: Sequence[str]) -> SaveResult:
        """See merging.py. `master` carries Id and the values that it is to have."""
        return merging.merge(self._context, self.update, self.delete, caller, master, losers)

    def empty_bin(self, record_ids: Sequence[str]) -> list[SaveResult]:
        """Take records out of the recycle bin for good."""
        with self._context.log.transaction():
            return [self._removal.purge(record_id) for record_id in record_ids]

    def _in_batches(
        self,
        caller: Caller,
        rows: Sequence[T],
        save_batch: Callable[[list[tuple[int, T]], Results], None],
        all_or_none: bool,
    ) -> list[SaveResult]:
        results: Results = [None] * len(rows)
        self.rows_taken += len(rows)
        self._context.running_user_id = caller.user_id
        log = self._context.log
        with log.transaction():
            mark = log.mark()
            for start in range(0, len(rows), BATCH):
                with self._context.hooks.chunk(caller):
                    save_batch(list(enumerate(rows[start : start + BATCH], start=start)), results)
            done = [result for result in results if result is not None]
            if all_or_none and not all(result.success for result in done):
                log.rollback(mark)
                return [_rolled_back(result) for result in done]
            return done

    # ---- one batch

    def _save_matches(
        self,
        caller: Caller,
        table: RecordTable,
        matches: list[Match],
        results: Results,
        *,
        text: bool,
    ) -> None:
        inserts: list[Entry] = []
        updates: list[Entry] = []
        for match in matches:
            if match.error is not None:
                results[match.position] = SaveResult(None, False, False, (match.error,))
            else:
                (updates if match.row is not None else inserts).append((match.position, match.wire, match.row))
        for operation, batch in ((Operation.INSERT, inserts), (Operation.UPDATE, updates)):
            if batch:
                self._require_right(caller, table, operation)
                self._save(caller, table, operation, batch, results, text=text)

    def _save(
        self,
        caller: Caller,
        table: RecordTable,
        operation: Operation,
        batch: Sequence[Entry],
        results: Results,
        *,
        text: bool,
    ) -> None:
        if operation is Operation.UPDATE:
            batch = self._refuse_locked(caller, table, batch, results)
        for _attempt in range(_ATTEMPTS):
            mark = self._context.log.mark()
            save = self._set_values(caller, table, operation, batch, text=text)
            refused_late = self._run(save, results)
            if not refused_late:
                return
            self._context.log.rollback(mark)
            batch = [entry for entry in batch if entry[0] not in refused_late]
        for position, _wire, _row in batch:
            results[position] = SaveResult(None, False, False, (_TOO_MANY_RETRIES,))

    def _run(self, save: Save, results: Results) -> set[int]:
        """Run the steps and note the results; the positions of rows that were refused after they had been stored."""
        save_order.run(self._context, save)
        created = save.operation is Operation.INSERT
        for row in save.rows:
            results[row.position] = SaveResult(row.content[ID], True, created)  # type: ignore[arg-type]
        stored = set()
        for row in save.refused:
            results[row.position] = SaveResult(None, False, False, tuple(row.errors))
            if row.stored:
                stored.add(row.position)
        return stored

    def _set_values(
        self,
        caller: Caller,
        table: RecordTable,
        operation: Operation,
        batch: Sequence[Entry],
        *,
        text: bool,
    ) -> Save:
        """Steps 1 and 2: the original or an empty row, overwritten by the request's values."""
        make_room(table)
        writer = self._writer(caller, table, operation, text=text)
        new_row = self._new_rows.maker(table, caller) if operation is Operation.INSERT else _no_new_row
        pending = []
        for position, wire, before in batch:
            content = new_row() if before is None else table.widened(before)
            row = Pending(position, content, before)
            row.errors = writer.write(wire, content)
            pending.append(row)
        save = Save(caller, table, operation, pending)
        save.drop_refused()
        return save

    def _refuse_locked(
        self,
        caller: Caller,
        table: RecordTable,
        batch: Sequence[Entry],
        results: Results,
    ) -> Sequence[Entry]:
        may_edit = self._context.grant(caller, table.type.api_name).may_edit
        if may_edit is None:
            return batch
        allowed = []
        for entry in batch:
            if entry[2] is not None and not may_edit(entry[2]):
                results[entry[0]] = SaveResult(None, False, False, (NO_ACCESS,))
            else:
                allowed.append(entry)
        return allowed

    # ---- whole-call checks and compiled parts

    def _require_table(self, caller: Caller, sobject_type: str) -> RecordTable:
        found = self._context.schema.find_type(sobject_type)
        if found is None or not self._context.grant(caller, found.api_name).read:
            raise unknown_type(sobject_type)
        return self._context.table(found.api_name)

    def _require_right(self, caller: Caller, table: RecordTable, operation: Operation) -> None:
        grant = self._context.grant(caller, table.type.api_name)
        allowed = grant.create if operation is Operation.INSERT else grant.edit
        if not allowed:
            verb = "inserted" if operation is Operation.INSERT else "updated"
            message = f"entity type cannot be {verb}: {table.type.label}"
            raise SalesforceError("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message)

    def _writer(self, caller: Caller, table: RecordTable, operation: Operation, *, text: bool) -> Writer:
        grant = self._context.grant(caller, table.type.api_name)
        key = (table.type.api_name, operation is Operation.INSERT, text)
        writer = self._writers.get(key)
        if writer is None or writer.grant is not grant or writer.schema is not self._context.schema:

            def grant_of(name: str) -> Grant:
                return self._context.grant(caller, name)

            writer = self._writers[key] = Writer(self._context, table, operation, grant_of, text=text)
        return writer


def _no_new_row() -> Row:
    raise RuntimeError("an update has no new rows")


def _without_repeats(batch: list[Entry]) -> Iterator[list[Entry]]:
    """Cut a batch where a record comes again, so that its second change is made to what the first one left."""
    seen: set[int] = set()
    part: list[Entry] = []
    for entry in batch:
        if id(entry[2]) in seen:
            yield part
            seen, part = set(), []
        seen.add(id(entry[2]))
        part.append(entry)
    yield part


def _rolled_back(result: SaveResult) -> SaveResult:
    return SaveResult(None, False, False, result.errors or (ROLLED_BACK,))


def unknown_type(name: str) -> SalesforceError:
    message = (
        f"sObject type '{name}' is not supported. If you are attempting to use a custom object, be sure to append the '__c' "
        "after the entity name. Please reference your WSDL or the describe call for the appropriate names."
    )
    return SalesforceError("INVALID_TYPE", message)
