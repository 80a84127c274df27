"""Delete and undelete: what goes with a record, what keeps it from going, what is set to null.

Source: "Object Relationships Overview" and "Recycle Bin" (Salesforce Help): master-detail and cascading lookups delete the child,
restricting lookups refuse, other lookups are cleared.
"""

from __future__ import annotations

from datetime import datetime

from orgtwin.errors import SaveError, SaveResult
from orgtwin.ids import find_id18
from orgtwin.records.context import RecordsContext
from orgtwin.records.laws import DELETE_LAWS
from orgtwin.records.model import Caller, Row
from orgtwin.records.storing import duplicate_value
from orgtwin.records.table import ID, SYSTEM_MODSTAMP, RecordTable
from orgtwin.schema.model import ChildRelationship

NO_ACCESS = SaveError("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")
_DELETED = SaveError("ENTITY_IS_DELETED", "entity is deleted")
_UNKNOWN = SaveError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")

Family = list[tuple[RecordTable, Row]]
"""A record, and those that go or come back because it does."""


class Deletion:
    def __init__(self, context: RecordsContext) -> None:
        self._context = context

    def delete(self, caller: Caller, record_id: str, family: Family, *, hard: bool) -> SaveResult:
        """`family` is given what goes: the row, and what goes with it."""
        table, row, error = self._find(record_id)
        if table is None or row is None:
            return _refused(error)
        refusal = self._refuse(caller, table, row)
        if refusal is not None:
            return _refused(refusal)
        self._take(table, row, self._context.now, family)
        if hard or not table.type.undeletable:
            for member_table, member in family:
                self._context.log.purge(member_table, member)
        return SaveResult(str(row[ID]), True)

    def undelete(self, caller: Caller, record_id: str, family: Family) -> SaveResult:
        """`family` is given what comes back."""
        found = find_id18(record_id)
        table = self._table_of(found)
        row = table.recycled.get(found) if table is not None and found is not None else None
        if table is None or row is None or found is None or found in table.emptied:
            return _refused(SaveError("UNDELETE_FAILED", "Entity is not in the recycle bin"))
        grant = self._context.grant(caller, table.type.api_name)
        if not grant.read:
            return _refused(SaveError("UNDELETE_FAILED", "invalid record id"))  # ASSUMED code
        if not grant.delete or (grant.may_delete is not None and not grant.may_delete(row)):
            return _refused(NO_ACCESS)
        conflict = table.find_conflict(row)
        if conflict is not None:
            return _refused(duplicate_value(*conflict))
        self._bring_back(table, row, family)
        return SaveResult(found, True)

    # ---- who may

    def _find(self, record_id: str) -> tuple[RecordTable | None, Row | None, SaveError]:
        found = find_id18(record_id)
        table = self._table_of(found)
        if table is None or found is None:
            return None, None, SaveError("MALFORMED_ID", f"malformed id {record_id}")
        row = table.live.get(found)
        return table, row, _DELETED if found in table.recycled else _UNKNOWN

    def _table_of(self, record_id: str | None) -> RecordTable | None:
        if record_id is None:
            return None
        sobject_type = self._context.schema.find_by_prefix(record_id[:3])
        return None if sobject_type is None else self._context.table(sobject_type.api_name)

    def _refuse(self, caller: Caller, table: RecordTable, row: Row) -> SaveError | None:
        grant = self._context.grant(caller, table.type.api_name)
        if not grant.read:
            return _UNKNOWN
        if not grant.delete or (grant.may_delete is not None and not grant.may_delete(row)):
            return NO_ACCESS
        return self._refused_by_law(caller, table, row) or self._refused_by_child(table, row)

    def _refused_by_law(self, caller: Caller, table: RecordTable, row: Row) -> SaveError | None:
        law = DELETE_LAWS.get(table.type.api_name)
        return None if law is None else law(self._context, caller, table, row)

    def _refused_by_child(self, table: RecordTable, row: Row) -> SaveError | None:
        for relationship in self._context.schema.children_of(table.type.api_name):
            if not relationship.restricted_delete:
                continue
            children = self._children(relationship, row)
            if children:
                return self._associated(table, row, relationship)
        return None

    def _associated(self, table: RecordTable, row: Row, relationship: ChildRelationship) -> SaveError:
        child_type = self._context.schema.find_type(relationship.child_type)
        plural = child_type.label_plural.lower() if child_type is not None else relationship.child_type
        name = next((table.reader(f.api_name)(row) for f in table.type.fields if f.name_field), row[ID])
        message = f"Your attempt to delete {name!s} could not be completed because it is associated with the following {plural}."
        return SaveError("DELETE_FAILED", message)

    # ---- what goes with it

    def _take(self, table: RecordTable, row: Row, moment: datetime, family: Family) -> None:
        """Recycle a row and what cascades from it; all carry the same SystemModstamp, by which undelete knows them again."""
        family.append((table, row))
        for relationship in self._context.schema.children_of(table.type.api_name):
            child_table = self._context.table(relationship.child_type)
            for child in self._children(relationship, row):
                if relationship.cascade_delete:
                    self._take(child_table, child, moment, family)
                elif str(child[ID]) in child_table.live:
                    self._clear(child_table, child, relationship.field)
        if str(row[ID]) in table.live:
            stamped = table.widened(row)
            stamped[SYSTEM_MODSTAMP] = moment
            self._context.log.change(table, row, stamped)
            self._context.log.recycle(table, row)

    def _bring_back(self, table: RecordTable, row: Row, family: Family) -> None:
        """Restore a row and what went into the bin with it."""
        moment = row[SYSTEM_MODSTAMP]
        self._context.log.restore(table, row)
        family.append((table, row))
        for relationship in self._context.schema.children_of(table.type.api_name):
            if not relationship.cascade_delete:
                continue
            child_table = self._context.table(relationship.child_type)
            parent_of = child_table.reader(relationship.field)
            for child in list(child_table.deleted_rows()):
                if (
                    parent_of(child) == row[ID]
                    and child[SYSTEM_MODSTAMP] == moment
                    and child[ID] not in child_table.emptied
                ):
                    self._bring_back(child_table, child, family)

    def _clear(self, table: RecordTable, child: Row, field: str) -> None:
        content = table.widened(child)
        table.write(content, field, None)
        self._context.log.change(table, child, content)

    def _children(self, relationship: ChildRelationship, row: Row) -> list[Row]:
        table = self._context.table(relationship.child_type)
        if not len(table):
            return []
        return list(table.find(relationship.field, row[ID]))


def _refused(error: SaveError) -> SaveResult:
    return SaveResult(None, False, False, (error,))
