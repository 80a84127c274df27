"""Records that an approval, or Apex, has locked: who may still change or delete them.

Source: "Approval.lock" (Approval Class, Apex Reference Guide), "ENTITY_IS_LOCKED" (SOAP API Developer Guide), recordEditability
(ApprovalProcess, Metadata API Developer Guide). The lock stands in a column of the row that no field shows, so that it is taken
back and kept with the row. ASSUMED: an administrator is who may modify all data.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from orgtwin.records.saving import Operation, Save
from orgtwin.records.table import RecordTable

if TYPE_CHECKING:
    from orgtwin.records.context import RecordsContext
    from orgtwin.records.transactions import UndoLog

COLUMN = "(locked)"
LOCKED = "This record is locked. If you need to edit it, contact your admin."


def lock(log: UndoLog, table: RecordTable, record_id: str, editors: Iterable[str] = ()) -> None:
    """Lock a live row; `editors` are the users who may change it beside administrators."""
    _write(log, table, record_id, ",".join(["", *editors]))


def unlock(log: UndoLog, table: RecordTable, record_id: str) -> None:
    """End the lock of a live row, if it has one."""
    if is_locked(table, record_id):
        _write(log, table, record_id, None)


def is_locked(table: RecordTable, record_id: str) -> bool:
    slot, row = table.slots.get(COLUMN), table.get(record_id)
    return slot is not None and row is not None and len(row) > slot and row[slot] is not None


def _write(log: UndoLog, table: RecordTable, record_id: str, value: str | None) -> None:
    slot = table.slot(COLUMN)
    row = table.live[record_id]
    content = table.widened(row)
    content[slot] = value
    log.change(table, row, content)


def refuse_locked(context: RecordsContext, save: Save) -> None:
    """Step 1: what is locked is changed and deleted by administrators and editors only."""
    slot = save.table.slots.get(COLUMN)
    if slot is None or save.operation is Operation.INSERT:
        return
    for row in save.rows:
        held = row.content[slot] if len(row.content) > slot else None
        if held is None or save.caller.user_id in str(held).split(","):
            continue
        if not context.has_permission(save.caller, "ModifyAllData"):
            row.refuse("ENTITY_IS_LOCKED", LOCKED)
