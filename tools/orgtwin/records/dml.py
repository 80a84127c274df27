"""Insert, update and upsert: whole-call checks, batches of 200 through the save order, one result a row.

Source: "Bulk DML Exception Handling", "sObject Collections" and "Upsert Records" in the Apex and REST API Developer Guides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from orgtwin.access.grants import Grant
from orgtwin.errors import SaveError, SaveResult
from orgtwin.records import merging, save_order
from orgtwin.records.context import RecordsContext
from orgtwin.records.deletion import NO_ACCESS
from orgtwin.records.matching import find_by_id
from orgtwin.records.model import Caller, Row, Value
from orgtwin.records.removal import Removal
from orgtwin.records.save_plans import SavePlan, SavePlans
from orgtwin.records.saving import BATCH, Operation, Pending, Save
from orgtwin.records.sheet import Sheet, WireRow, find_sheet, values_under
from orgtwin.records.table import ID

_ATTEMPTS = 3

WireRows = Sequence[WireRow]
Results = list[SaveResult | None]
Entry = tuple[int, Row | None]  # a row of the call by its position, and the record that it changes
T = TypeVar("T")

_TOO_MANY_RETRIES = SaveError(  # ASSUMED code; the text is the platform's
    "LIMIT_EXCEEDED", "Too many batch retries in the presence of Apex triggers and partial failures."
)
_UNSEEN = SaveError("INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", "insufficient access rights on cross-reference id")
ROLLED_BACK = SaveError(
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "Record rolled back because not all records were valid and the request was using AllOrNone header",
)


class RecordDml:
    """The one way by which records change."""

    def __init__(self, context: RecordsContext) -> None:
        self._context = context
        self._plans = SavePlans(context)
        self._removal = Removal(context)
        self.rows_taken = 0  # by all calls so far, saved or refused

    # ---- the five verbs

    def insert(
        self, caller: Caller, sobject_type: str, rows: WireRows, *, all_or_none: bool = False, text: bool = False
    ) -> list[SaveResult]:
        plan = self._plans.of(caller, sobject_type, text=text)
        plan.writer(Operation.INSERT)
        rows = find_sheet(rows) or rows

        def insert_batch(start: int, chunk: WireRows, results: Results) -> None:
            batch: list[Entry] = [(position, None) for position in range(start, start + len(chunk))]
            self._save(caller, plan, Operation.INSERT, rows, batch, results, attempts)

        attempts = _attempts(all_or_none)
        return self._in_batches(caller, rows, insert_batch, all_or_none)

    def update(
        self, caller: Caller, sobject_type: str, rows: WireRows, *, all_or_none: bool = False, text: bool = False
    ) -> list[SaveResult]:
        plan = self._plans.of(caller, sobject_type, text=text)
        plan.writer(Operation.UPDATE)
        rows = find_sheet(rows) or rows

        def update_batch(start: int, chunk: WireRows, results: Results) -> None:
            batch: list[Entry] = []
            for position, value in enumerate(values_under(chunk, "Id"), start):
                found = find_by_id(plan.table, value)
                if isinstance(found, SaveError):
                    results[position] = SaveResult(None, False, False, (found,))
                else:
                    batch.append((position, found))
            for part in _without_repeats(batch):
                self._save(caller, plan, Operation.UPDATE, rows, part, results, attempts)

        attempts = _attempts(all_or_none)
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
        plan = self._plans.of(caller, sobject_type, text=text)
        matcher = plan.matcher(external_id_field)
        rows = find_sheet(rows) or rows
        seen: set[Value] = set()

        def upsert_batch(start: int, chunk: WireRows, results: Results) -> None:
            inserts: list[Entry] = []
            updates: list[Entry] = []
            for position, found in enumerate(matcher.match(chunk, seen, update_only=update_only), start):
                if isinstance(found, SaveError):
                    results[position] = SaveResult(None, False, False, (found,))
                else:
                    (inserts if found is None else updates).append((position, found))
            if inserts:
                self._save(caller, plan, Operation.INSERT, rows, inserts, results, attempts)
            if updates:
                self._save(caller, plan, Operation.UPDATE, rows, updates, results, attempts)

        attempts = _attempts(all_or_none)
        return self._in_batches(caller, rows, upsert_batch, all_or_none)

    def delete(
        self, caller: Caller, record_ids: Sequence[str], *, all_or_none: bool = False, hard: bool = False
    ) -> list[SaveResult]:
        return self._delete(caller, record_ids, all_or_none=all_or_none, hard=hard)

    def _delete(
        self,
        caller: Caller,
        record_ids: Sequence[str],
        *,
        all_or_none: bool = False,
        hard: bool = False,
        merged_into: str | None = None,
    ) -> list[SaveResult]:
        def delete_batch(start: int, chunk: Sequence[str], results: Results) -> None:
            numbered, tries_again = list(enumerate(chunk, start)), not all_or_none
            self._removal.delete(caller, numbered, results, hard=hard, tries_again=tries_again, merged_into=merged_into)

        return self._in_batches(caller, record_ids, delete_batch, all_or_none)

    def undelete(self, caller: Caller, record_ids: Sequence[str], *, all_or_none: bool = False) -> list[SaveResult]:
        def undelete_batch(start: int, chunk: Sequence[str], results: Results) -> None:
            self._removal.undelete(caller, list(enumerate(chunk, start)), results, tries_again=not all_or_none)

        return self._in_batches(caller, record_ids, undelete_batch, all_or_none)

    def merge(self, caller: Caller, master: Mapping[str, object], losers: Sequence[str]) -> SaveResult:
        """See merging.py. `master` carries Id and the values that it is to have."""

        def delete(caller: Caller, record_ids: Sequence[str], merged_into: str) -> list[SaveResult]:
            return self._delete(caller, record_ids, merged_into=merged_into)

        return merging.merge(self._context, self.update, delete, caller, master, losers)

    def empty_bin(self, record_ids: Sequence[str]) -> list[SaveResult]:
        """Take records out of the recycle bin for good."""
        with self._context.log.transaction():
            return [self._removal.purge(record_id) for record_id in record_ids]

    def _in_batches(
        self,
        caller: Caller,
        rows: Sequence[T],
        save_batch: Callable[[int, Sequence[T], Results], None],
        all_or_none: bool,
    ) -> list[SaveResult]:
        results: Results = [None] * len(rows)
        self.rows_taken += len(rows)
        self._context.running_user_id = caller.user_id
        log = self._context.log
        with log.transaction():
            start_of_call = log.mark() if all_or_none else None
            hooks = self._context.hooks
            for start in range(0, len(rows), BATCH):
                chunk = rows[start : start + BATCH]
                if not hooks.around_chunk:
                    save_batch(start, chunk, results)
                    continue
                with hooks.chunk(caller):
                    save_batch(start, chunk, results)
            done = [result for result in results if result is not None]
            if start_of_call is not None and not all(result.success for result in done):
                log.rollback(start_of_call)
                return [_rolled_back(result) for result in done]
            return done

    # ---- one batch

    def _save(
        self,
        caller: Caller,
        plan: SavePlan,
        operation: Operation,
        rows: WireRows,
        batch: Sequence[Entry],
        results: Results,
        attempts: int,
    ) -> None:
        """With partial success a batch runs again without the rows that were refused after Apex had seen them or after they had
        been stored; governor limits start again as they were, static fields do not. Source: "Bulk DML Exception Handling", "Trigger
        and Bulk Request Best Practices" (Apex Developer Guide).
        """
        take_limits_back = self._context.hooks.note_limits()
        if plan.grant.may_edit is not None:
            batch = _refuse_locked(plan.grant, batch, results)
        for _attempt in range(attempts):
            mark = self._context.log.mark()
            save = Save(caller, plan.table, operation, _set_values(plan, operation, rows, batch), told=rows)
            save.drop_refused()
            refused_late = self._run(plan, save, results)
            if not refused_late or attempts == 1:
                if save.refused and not save.rows:
                    self._context.log.rollback(mark)  # nothing is saved, nor what before triggers wrote beside it
                return
            self._context.log.rollback(mark)
            take_limits_back()
            batch = [entry for entry in batch if entry[0] not in refused_late]
        for position, _before in batch:
            results[position] = SaveResult(None, False, False, (_TOO_MANY_RETRIES,))

    def _run(self, plan: SavePlan, save: Save, results: Results) -> set[int]:
        """Run the steps and note the results; the positions of rows whose refusal asks for another attempt."""
        refused_before = len(save.refused)
        save_order.run(self._context, plan.steps, save)
        created = save.operation is Operation.INSERT
        for row in save.rows:
            results[row.position] = SaveResult(row.content[ID], True, created)  # type: ignore[arg-type]
        for row in save.refused:
            results[row.position] = SaveResult(None, False, False, tuple(row.errors))
        return {row.position for row in save.refused[refused_before:] if row.stored or save.was_triggered}


def _attempts(all_or_none: bool) -> int:
    return 1 if all_or_none else _ATTEMPTS


def _set_values(plan: SavePlan, operation: Operation, rows: WireRows, batch: Sequence[Entry]) -> list[Pending]:
    """Steps 1 and 2: the original or an empty row, overwritten by the request's values."""
    writer = plan.writer(operation)
    blank = plan.new_rows.blank() if operation is Operation.INSERT else Row([])
    pending = [
        Pending(position, (blank if before is None else before).copy(), before)  # type: ignore[arg-type]
        for position, before in batch
    ]
    if type(rows) is Sheet:
        sheet = Sheet(rows.keys, [rows.lines[position] for position, _before in batch])
        if writer.try_write_columns(sheet, [row.content for row in pending]):
            return pending
    for row in pending:
        row.errors = writer.write(rows[row.position], row.content)
    return pending


def _refuse_locked(grant: Grant, batch: Sequence[Entry], results: Results) -> Sequence[Entry]:
    """Refuse what sharing does not let the caller change, in other words what it does not even show; the rest."""
    allowed = []
    for entry in batch:
        row = entry[1]
        if row is None or grant.may_edit is None or grant.may_edit(row):
            allowed.append(entry)
        else:
            is_seen = grant.may_see is None or grant.may_see(row)
            results[entry[0]] = SaveResult(None, False, False, (NO_ACCESS if is_seen else _UNSEEN,))
    return allowed


def _without_repeats(batch: list[Entry]) -> Iterator[list[Entry]]:
    """Cut a batch where a record comes again, so that its second change is made to what the first one left."""
    seen: set[int] = set()
    part: list[Entry] = []
    for entry in batch:
        if id(entry[1]) in seen:
            yield part
            seen, part = set(), []
        seen.add(id(entry[1]))
        part.append(entry)
    yield part


def _rolled_back(result: SaveResult) -> SaveResult:
    return SaveResult(None, False, False, result.errors or (ROLLED_BACK,))
