"""Delete and undelete as batches of the save order: triggers around what `Deletion` does to the rows.

Source: "Triggers and Order of Execution", "Operations That Don't Invoke Triggers" (Apex Developer Guide): rows that go or come back
only because their parent does run no triggers; a batch with partial success runs again without the rows that were refused late.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from orgtwin.errors import SaveError, SaveResult
from orgtwin.ids import find_id18
from orgtwin.records.context import RecordsContext
from orgtwin.records.deletion import Deletion, Family
from orgtwin.records.locks import lock_parents, lock_rows
from orgtwin.records.model import Caller, Row
from orgtwin.records.save_order import save_parents
from orgtwin.records.saving import Moment, Operation, Pending, Save
from orgtwin.records.table import RecordTable

Chunk = list[tuple[int, str]]
Results = list[SaveResult | None]


class Removal:
    """Takes chunks of at most 200 record ids out of their tables, or back into them."""

    def __init__(self, context: RecordsContext) -> None:
        self._context = context
        self._deletion = Deletion(context)

    def delete(
        self,
        caller: Caller,
        chunk: Chunk,
        results: Results,
        *,
        hard: bool,
        tries_again: bool,
        merged_into: str | None = None,
    ) -> None:
        """One result for each id of the chunk. A record named twice is found deleted the second time.

        `merged_into`: the record that takes over what these have; their after triggers see it as MasterRecordId.
        """

        def delete_batch(table: RecordTable | None, batch: Chunk) -> set[int]:
            return self._delete_batch(caller, table, batch, results, hard=hard, merged_into=merged_into)

        self._by_table(chunk, delete_batch, tries_again)

    def undelete(self, caller: Caller, chunk: Chunk, results: Results, *, tries_again: bool) -> None:
        """One result for each id of the chunk."""

        def undelete_batch(table: RecordTable | None, batch: Chunk) -> set[int]:
            return self._undelete_batch(caller, table, batch, results)

        self._by_table(chunk, undelete_batch, tries_again)

    def purge(self, record_id: str) -> SaveResult:
        """Take a record out of the recycle bin, where nobody undeletes it; queries of all rows still find it.

        Source: emptyRecycleBin() (SOAP API Developer Guide), which says that for some time, typically 24 hours. ASSUMED: for ever,
        and the text.
        """
        found = find_id18(record_id)
        sobject_type = self._context.schema.find_by_prefix(record_id[:3])
        table = None if sobject_type is None else self._context.table(sobject_type.api_name)
        row = table.recycled.get(found) if table is not None and found is not None else None
        if table is None or row is None or found in table.emptied:
            error = SaveError("INVALID_CROSS_REFERENCE_KEY", "record is not in the recycle bin")
            return SaveResult(None, False, errors=(error,))
        self._context.log.empty(table, row)
        return SaveResult(found, True)

    def _by_table(self, chunk: Chunk, run: Callable[[RecordTable | None, Chunk], set[int]], tries_again: bool) -> None:
        """Each object's rows together; as often as rows are refused after they had been written, without those."""
        take_limits_back = self._context.hooks.note_limits()
        by_table: dict[str, Chunk] = {}
        for position, record_id in chunk:
            by_table.setdefault(record_id[:3], []).append((position, record_id))
        for prefix, batch in by_table.items():
            sobject_type = self._context.schema.find_by_prefix(prefix)
            table = None if sobject_type is None else self._context.table(sobject_type.api_name)
            while batch:
                mark = self._context.log.mark()
                refused_late = run(table, batch)
                if not refused_late or not tries_again:
                    break
                self._context.log.rollback(mark)
                take_limits_back()
                batch = [entry for entry in batch if entry[0] not in refused_late]

    def _delete_batch(
        self,
        caller: Caller,
        table: RecordTable | None,
        batch: Chunk,
        results: Results,
        *,
        hard: bool,
        merged_into: str | None,
    ) -> set[int]:
        rows = {} if table is None else _live_rows(table, batch)
        save = None
        if table is not None and rows:
            pending = [Pending(position, row, Row(row.copy())) for position, row in rows.items()]
            save = Save(caller, table, Operation.DELETE, pending)
            lock_rows(self._context, save)
            lock_parents(self._context, save)
            save.drop_refused()
            hooks = self._context.hooks
            before = (*hooks.at(Moment.BEFORE_FLOWS, table), *hooks.at(Moment.BEFORE_TRIGGERS, table))
            for hook in before if save.rows else ():
                hook(save)
            save.drop_refused()
            _note_refused(save, results)
            for row in save.rows if merged_into is not None else ():
                self._point_at_master(table, row, merged_into)
        refused = set() if save is None else {row.position for row in save.refused}
        families: dict[int, Family] = {}
        for position, record_id in batch:
            if position not in refused:
                family = families[position] = []
                results[position] = self._deletion.delete(caller, record_id, family, hard=hard)
        return set() if save is None else self._after(save, results, families)

    def _point_at_master(self, table: RecordTable, pending: Pending, master: str | None) -> None:
        row = table.live[str(pending.content[0])]
        content = table.widened(row)
        table.write(content, "MasterRecordId", master)
        self._context.log.change(table, row, content)
        pending.before = Row(content.copy())

    def _undelete_batch(self, caller: Caller, table: RecordTable | None, batch: Chunk, results: Results) -> set[int]:
        families: dict[int, Family] = {}
        for position, record_id in batch:
            family = families[position] = []
            results[position] = self._deletion.undelete(caller, record_id, family)
        if table is None:
            return set()
        rows = _live_rows(table, batch)
        save = Save(caller, table, Operation.UNDELETE, [Pending(position, row, None) for position, row in rows.items()])
        return self._after(save, results, families)

    def _after(self, save: Save, results: Results, families: Mapping[int, Family]) -> set[int]:
        """Run what follows the write for the rows that were written; the positions that it refused."""
        save.rows = [row for row in save.rows if _is_done(results[row.position])]
        save.refused = []
        if not save.rows:
            return set()
        for hook in self._context.hooks.at(Moment.AFTER_TRIGGERS, save.table):
            hook(save)
        save.drop_refused()
        self._roll_up(save, families)
        save.drop_refused()
        _note_refused(save, results)
        return {row.position for row in save.refused}

    def _roll_up(self, save: Save, families: Mapping[int, Family]) -> None:
        """The parents that stay and summarize what went or came back; what refuses one refuses the row."""
        rollups = self._context.rollups
        summarized: dict[RecordTable, dict[int, list[Row]]] = {}
        for row in save.rows:
            for table, member in families[row.position]:
                if rollups.has_parents(table):
                    summarized.setdefault(table, {}).setdefault(row.position, []).append(member)
        for table, by_position in summarized.items():
            children = [(member, None) for members in by_position.values() for member in members]
            refused = save_parents(self._context, save.caller, table, children)
            for row in save.rows if refused else ():
                above = [rollups.parents_of(table, member, None) for member in by_position.get(row.position, ())]
                for parent_id in set().union(*above) & refused.keys():
                    row.errors += refused[parent_id]


def _live_rows(table: RecordTable, batch: Chunk) -> dict[int, Row]:
    found: dict[int, Row] = {}
    seen: set[str] = set()
    for position, record_id in batch:
        key = find_id18(record_id)
        row = table.live.get(key) if key is not None and key not in seen else None
        if row is not None and key is not None:
            seen.add(key)
            found[position] = row
    return found


def _note_refused(save: Save, results: Results) -> None:
    for row in save.refused:
        results[row.position] = SaveResult(None, False, False, tuple(row.errors))


def _is_done(result: SaveResult | None) -> bool:
    return result is not None and result.success
