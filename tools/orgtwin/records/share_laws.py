"""Sharing entries: what may be written into a share object, and what the org fills in.

Sources: "AccountShare" (Object Reference), "Sharing a Record Using Apex" (Apex Developer Guide): only entries of the cause Manual,
and of custom objects those of an Apex sharing reason, are written; an entry must go further than the organization-wide default; one
that matches an entry that is there changes that one. The text of the trivial share is recorded from orgs; others are ASSUMED.
"""

from __future__ import annotations

from orgtwin.access.levels import BY_NAME, NAMES, Level, default_level
from orgtwin.errors import SaveError
from orgtwin.records.context import RecordsContext
from orgtwin.records.deletion import NO_ACCESS
from orgtwin.records.model import AccessLevel, Caller, Row
from orgtwin.records.saving import Operation, Pending, Save
from orgtwin.records.table import ID, RecordTable
from orgtwin.schema.companions import LEVELS, MANUAL, ShareShape, find_shared
from orgtwin.schema.model import Schema, SObjectType

_CHILDREN = ("Case", "Contact", "Opportunity")


def check_entries(context: RecordsContext, save: Save) -> None:
    """A law of every share object."""
    shape = find_shared(context.schema, save.table.type.api_name)
    shared = context.schema.find_type(shape.shared) if shape is not None else None
    if shape is None or shared is None:
        return
    for row in save.rows:
        if save.operation is Operation.INSERT:
            _fill_in(context.schema, save.table, shared, row)
        error = _refuse(context, save, shape, shared, row)
        if error is not None:
            row.errors.append(error)
        elif save.operation is Operation.INSERT:
            _take_place(context, save, shape, row)


def _fill_in(schema: Schema, table: RecordTable, shared: SObjectType, row: Pending) -> None:
    if table.reader("RowCause")(row.content) is None:
        table.write(row.content, "RowCause", MANUAL)
    for child in _CHILDREN if shared.api_name == "Account" else ():
        child_type = schema.find_type(child)
        name = f"{child}AccessLevel"
        if child_type is not None and table.reader(name)(row.content) is None:
            table.write(row.content, name, NAMES[min(default_level(child_type), Level.EDIT)])


def _refuse(
    context: RecordsContext, save: Save, shape: ShareShape, shared: SObjectType, row: Pending
) -> SaveError | None:
    table = save.table
    cause = str(table.reader("RowCause")(row.content))
    if cause != MANUAL and not cause.endswith("__c"):
        return _integrity(f"RowCause (an entry is written by hand only with the cause {MANUAL})", "RowCause")
    parent = context.table(shape.shared).live.get(str(table.reader(shape.parent_field)(row.content)))
    if parent is not None and not _may_share(context, save.caller, shape, cause, parent):
        return NO_ACCESS
    word = str(table.reader(shape.level_field)(row.content))
    if word == LEVELS[-1]:
        return _integrity(f"{shape.level_field} (All is not valid for create or update calls)", shape.level_field)
    if _goes_further(context.schema, table, shared, shape, row.content):
        return None
    default = NAMES[default_level(shared)]
    return _integrity(
        f"{_level_fields(shape)} (trivial share level {word}, for organization with default level {default})",
        shape.level_field,
    )


def _may_share(context: RecordsContext, caller: Caller, shape: ShareShape, cause: str, parent: Row) -> bool:
    """Full access to the record; an Apex sharing reason outside Apex takes Modify All Data besides."""
    may_share = context.grant(caller, shape.shared).may_delete
    if may_share is not None and not may_share(parent):
        return False
    in_code = caller.access_level is not AccessLevel.USER_MODE
    return cause == MANUAL or in_code or context.has_permission(caller, "ModifyAllData")


def _goes_further(schema: Schema, table: RecordTable, shared: SObjectType, shape: ShareShape, content: Row) -> bool:
    pairs = [(shape.level_field, shared)]
    if shared.api_name == "Account":
        children = [schema.find_type(child) for child in _CHILDREN]
        pairs += [(f"{child.api_name}AccessLevel", child) for child in children if child is not None]
    return any(BY_NAME.get(str(table.reader(f)(content)), Level.NONE) > default_level(t) for f, t in pairs if _own(t))


def _own(sobject_type: SObjectType) -> bool:
    return sobject_type.sharing_model != "ControlledByParent"


def _level_fields(shape: ShareShape) -> str:
    if shape.shared == "Account":
        return "AccountAccessLevel, OpportunityAccessLevel, or CaseAccessLevel"
    return shape.level_field


def _integrity(text: str, field: str) -> SaveError:
    return SaveError("FIELD_INTEGRITY_EXCEPTION", f"field integrity exception: {text}", (field,))


def _take_place(context: RecordsContext, save: Save, shape: ShareShape, row: Pending) -> None:
    """An entry for the same record, sharee and cause gives its id to the new one and goes."""
    table = save.table
    sharee_of, cause_of = table.reader("UserOrGroupId"), table.reader("RowCause")
    wanted = (sharee_of(row.content), cause_of(row.content))
    entries = table.find(shape.parent_field, table.reader(shape.parent_field)(row.content))
    same = next((entry for entry in entries if (sharee_of(entry), cause_of(entry)) == wanted), None)
    if same is not None:
        row.content[ID] = same[ID]
        context.log.recycle(table, same)
        context.log.purge(table, same)
