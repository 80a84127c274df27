"""Insert, update and upsert: whole-call checks, batches of 200 through the save order, one result a row.

Source: "Bulk DML Exception Handling", "sObject Collections" and "Upsert Records" in the Apex and REST API Developer Guides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from orgtwin.access.grants import RowFilter
from orgtwin.errors import SaveError, SaveResult
from orgtwin.records import merging, save_order
from orgtwin.records.coerce import RowRefused
from orgtwin.records.context import RecordsContext
from orgtwin.records.deletion import NO_ACCESS
from orgtwin.records.matching import find_by_id
from orgtwin.records.model import Caller, Row, Value
from orgtwin.records.removal import Removal
from orgtwin.records.save_plans import SavePlan, SavePlans
from orgtwin.records.saving import Operation, Pending, Save
from orgtwin.records.table import ID

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
        self._plans = SavePlans(context)
        self._removal = Removal(context)
        self.rows_taken = 0  # by all calls so far, saved or refused

    # ---- the five verbs

    def insert(
        self, caller: Caller, sobject_type: str, rows: WireRows, *, all_or_none: bool = False, text: bool = False
    ) -> list[SaveResult]:
        plan = self._plans.of(caller, sobject_type, text=text)
        plan.writer(Operation.INSERT)

        def insert_batch(chunk: Numbered, results: Results) -> None:
            batch: list[Entry] = [(position, wire, None) for position, wire in chunk]
            self._save(caller, plan, Operation.INSERT, batch, results)

        return self._in_batches(caller, rows, insert_batch, all_or_none)

    def update(
        self, caller: Caller, sobject_type: str, rows: WireRows, *, all_or_none: bool = False, text: bool = False
    ) -> list[SaveResult]:
        plan = self._plans.of(caller, sobject_type, text=text)
        plan.writer(Operation.UPDATE)

        def update_batch(chunk: Numbered, results: Results) -> None:
            batch: list[Entry] = []
            for position, wire in chunk:
                found = find_by_id(plan.table, wire)
                if isinstance(found, SaveError):
                    results[position] = SaveResult(None, False, False, (found,))
                else:
                    batch.append((position, wire, found))
            for part in _without_repeats(batch):
                self._save(caller, plan, Operation.UPDATE, part, results)

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
        seen: set[Value] = set()

        def upsert_batch(chunk: Numbered, results: Results) -> None:
            inserts: list[Entry] = []
            updates: list[Entry] = []
            for position, wire in chunk:
                try:
                    row = matcher.match(wire, seen, update_only=update_only)
                except RowRefused as refusal:
                    results[position] = SaveResult(None, False, False, (refusal.error,))
                else:
                    (inserts if row is None else updates).append((position, wire, row))
            if inserts:
                self._save(caller, plan, Operation.INSERT, inserts, results)
            if updates:
                self._save(caller, plan, Operation.UPDATE, updates, results)

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
            start_of_call = log.mark() if all_or_none else None
            for start in range(0, len(rows), BATCH):
                with self._context.hooks.chunk(caller):
                    save_batch(list(enumerate(rows[start : start + BATCH], start=start)), results)
            done = [result for result in results if result is not None]
            if start_of_call is not None and not all(result.success for result in done):
                log.rollback(start_of_call)
                return [_rolled_back(result) for result in done]
            return done

    # ---- one batch

    def _save(
        self, caller: Caller, plan: SavePlan, operation: Operation, batch: Sequence[Entry], results: Results
    ) -> None:
        if plan.grant.may_edit is not None:
            batch = _refuse_locked(plan.grant.may_edit, batch, results)
        for _attempt in range(_ATTEMPTS):
            mark = self._context.log.mark()
            save = Save(caller, plan.table, operation, _set_values(plan, operation, batch))
            save.drop_refused()
            refused_late = self._run(plan, save, results)
            if not refused_late:
                return
            self._context.log.rollback(mark)
            batch = [entry for entry in batch if entry[0] not in refused_late]
        for position, _wire, _row in batch:
            results[position] = SaveResult(None, False, False, (_TOO_MANY_RETRIES,))

    def _run(self, plan: SavePlan, save: Save, results: Results) -> set[int]:
        """Run the steps and note the results; the positions of rows that were refused after they had been stored."""
        save_order.run(self._context, plan.steps, save)
        created = save.operation is Operation.INSERT
        for row in save.rows:
            results[row.position] = SaveResult(row.content[ID], True, created)  # type: ignore[arg-type]
        stored = set()
        for row in save.refused:
            results[row.position] = SaveResult(None, False, False, tuple(row.errors))
            if row.stored:
                stored.add(row.position)
        return stored


def _set_values(plan: SavePlan, operation: Operation, batch: Sequence[Entry]) -> list[Pending]:
    """Steps 1 and 2: the original or an empty row, overwritten by the request's values."""
    write = plan.writer(operation).write
    blank = plan.new_rows.blank() if operation is Operation.INSERT else Row([])
    pending = []
    for position, wire, before in batch:
        content: Row = (blank if before is None else before).copy()  # type: ignore[assignment]
        pending.append(Pending(position, content, before, write(wire, content)))
    return pending


def _refuse_locked(may_edit: RowFilter, batch: Sequence[Entry], results: Results) -> Sequence[Entry]:
    """Refuse what sharing does not let the caller change; the rest."""
    allowed = []
    for entry in batch:
        if entry[2] is None or may_edit(entry[2]):
            allowed.append(entry)
        else:
            results[entry[0]] = SaveResult(None, False, False, (NO_ACCESS,))
    return allowed


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
