"""Merge: one record takes over what belongs to up to two others of its type, and those go.

Source: "Merging Records", "Operations That Don't Invoke Triggers" (Apex Developer Guide), merge() (SOAP API Developer Guide): the
losers are deleted, with MasterRecordId set for their after triggers, the master is updated, both with their triggers; related
records move without any.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import chain

from orgtwin.errors import SalesforceError, SaveError, SaveResult
from orgtwin.records.context import RecordsContext
from orgtwin.records.model import Caller, Row
from orgtwin.records.save_order import save_parents
from orgtwin.records.table import RecordTable

MERGEABLE = ("Account", "Case", "Contact", "Lead")
MOST_LOSERS = 2

Update = Callable[[Caller, str, Sequence[Mapping[str, object]]], list[SaveResult]]
Delete = Callable[[Caller, Sequence[str], str], list[SaveResult]]
"""Deletes records that are merged into another."""


def merge(
    context: RecordsContext,
    update: Update,
    delete: Delete,
    caller: Caller,
    master: Mapping[str, object],
    losers: Sequence[str],
) -> SaveResult:
    """Merge losers into the master, whose row may carry new values. All or nothing; raises for what cannot be merged at all."""
    table = _table_of(context, str(master["Id"]))
    _require_live(table, [str(master["Id"]), *losers])
    with context.log.transaction():
        mark = context.log.mark()
        for loser in losers:
            errors = _move_children(context, caller, table, loser, str(master["Id"]))
            if errors:
                context.log.rollback(mark)
                return SaveResult(None, False, errors=tuple(errors))
        refused = [r for r in delete(caller, losers, str(master["Id"])) if not r.success]
        refused = refused or [r for r in update(caller, table.type.api_name, [master]) if not r.success]
        if refused:
            context.log.rollback(mark)
            return refused[0]
        return SaveResult(str(master["Id"]), True)


def _table_of(context: RecordsContext, record_id: str) -> RecordTable:
    sobject_type = context.schema.find_by_prefix(record_id[:3])
    if sobject_type is None or sobject_type.api_name not in MERGEABLE:
        shown = sobject_type.api_name if sobject_type is not None else record_id
        raise SalesforceError("INVALID_TYPE", f"{shown}: only {', '.join(MERGEABLE)} can be merged")  # ASSUMED text
    return context.table(sobject_type.api_name)


def _require_live(table: RecordTable, record_ids: Sequence[str]) -> None:
    losers = record_ids[1:]
    if not losers or len(losers) > MOST_LOSERS or len(set(record_ids)) < len(record_ids):
        raise SalesforceError("INVALID_ID_FIELD", "a merge takes a master and one or two other records")  # ASSUMED text
    for record_id in record_ids:
        if record_id not in table.live:
            code = "ENTITY_IS_DELETED" if record_id in table.recycled else "INVALID_CROSS_REFERENCE_KEY"
            raise SalesforceError(
                code, "entity is deleted" if code == "ENTITY_IS_DELETED" else "invalid cross reference id"
            )


def _move_children(
    context: RecordsContext, caller: Caller, table: RecordTable, loser: str, master: str
) -> list[SaveError]:
    """What refuses the master its new summaries, if anything does."""
    refused: list[SaveError] = []
    for relationship in context.schema.children_of(table.type.api_name):
        if relationship.field == "MasterRecordId":
            continue
        children = context.table(relationship.child_type)
        moved: list[tuple[Row | None, Row | None]] = []
        for child in list(children.find(relationship.field, loser)) if len(children) else ():
            content = children.widened(child)
            children.write(content, relationship.field, master)
            moved.append((context.log.change(children, child, content), child))
        refused += chain.from_iterable(save_parents(context, caller, children, moved).values())
    return refused
