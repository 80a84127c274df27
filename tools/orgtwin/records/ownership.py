"""Who may own a record, who may give it to another, and what goes with the old owner.

Sources: "Transferring Records", "Queues", "Manual Sharing" (Salesforce Help): the new owner must be able to read the object, a
queue must serve it; manual shares are deleted when a record changes hands, shares by Apex reasons stay. Status codes: "Core Data
Types Used in API Calls" (SOAP API Developer Guide).
"""

from __future__ import annotations

from orgtwin.access.levels import everybody_transfers
from orgtwin.errors import SaveError
from orgtwin.records.context import RecordsContext
from orgtwin.records.deletion import NO_ACCESS
from orgtwin.records.model import AccessLevel, Caller, Row, Value
from orgtwin.records.saving import Operation, Pending, Save
from orgtwin.records.table import ID, Reader, RecordTable
from orgtwin.schema.companions import MANUAL, find_share

_GROUP_PREFIX = "00G"
_OWNED_UNREAD = frozenset(("Account",))
"""Objects that Apex in system mode gives to a user who may not read them. ASSUMED: all others are refused, as custom ones are.

Source: an experiment published at Salesforce Stack Exchange, "Is it possible to transfer ownership to a user who does not have
read permission on object"; public tests insert accounts for users with minimum access.
"""
_TRANSFER_PERMISSIONS = {"Lead": "TransferAnyLead", "Case": "TransferAnyCase"}


def check_owners(context: RecordsContext, save: Save) -> None:
    """Step 5: the owner that a row gets may own it, and the caller may give it away."""
    owner_of = save.table.compiled(_owner_reader)
    if owner_of is None:
        return
    known: dict[Value, SaveError | None] = {}
    for row in save.rows:
        owner_id = owner_of(row.content)
        if row.before is not None:
            if owner_of(row.before) == owner_id:
                continue
            if not _may_give_away(context, save, row.before):
                row.errors.append(NO_ACCESS)  # ASSUMED text
                continue
        if owner_id not in known:
            known[owner_id] = _refuse_owner(context, save, str(owner_id))
        error = known[owner_id]
        if error is not None:
            row.errors.append(error)


def _owner_reader(table: RecordTable) -> Reader | None:
    """The reader of OwnerId, where the object has an owner."""
    return table.reader("OwnerId") if table.type.find_field("OwnerId") is not None else None


def _may_give_away(context: RecordsContext, save: Save, row: Row) -> bool:
    """Full access to the record does, or editing it with Transfer Record, or where everybody may transfer."""
    sobject_type = save.table.type
    grant = context.grant(save.caller, sobject_type.api_name)
    if grant.may_delete is None or everybody_transfers(sobject_type) or grant.may_delete(row):
        return True
    names = ("TransferAnyEntity", _TRANSFER_PERMISSIONS.get(sobject_type.api_name, "TransferAnyEntity"))
    return any(context.has_permission(save.caller, name) for name in names)


def _refuse_owner(context: RecordsContext, save: Save, owner_id: str) -> SaveError | None:
    sobject_type = save.table.type
    if owner_id.startswith(_GROUP_PREFIX):
        if _serves(context, owner_id, sobject_type.api_name):
            return None
        return SaveError("INVALID_OPERATION", "Queue not associated with this SObject type", ("OwnerId",))
    users = context.table("User")
    owner = users.get(owner_id)
    if owner is not None and not users.reader("IsActive")(owner):
        label = sobject_type.label.lower()
        return SaveError(
            "INACTIVE_OWNER_OR_USER", f"operation performed with inactive user [{owner_id}] as owner of {label}"
        )
    if owner_id == save.caller.user_id or sobject_type.setup:
        return None
    if sobject_type.api_name in _OWNED_UNREAD and save.caller.access_level is not AccessLevel.USER_MODE:
        return None
    if owner is not None and not context.grant(Caller(owner_id), sobject_type.api_name).read:
        return SaveError("TRANSFER_REQUIRES_READ", "The new owner must have read permission", ("OwnerId",))
    return None


def _serves(context: RecordsContext, queue_id: str, sobject_type: str) -> bool:
    served = context.table("QueueSobject")
    name_of = served.reader("SobjectType")
    return any(name_of(row) == sobject_type for row in served.find("QueueId", queue_id))


def drop_manual_shares(context: RecordsContext, save: Save) -> None:
    """Step 7: what the old owner had shared by hand is shared no more."""
    if save.operation is not Operation.UPDATE:
        return
    share = find_share(context.schema, save.table.type.api_name)
    entries = context.table(share.api_name) if share is not None else None
    owner_of = save.table.compiled(_owner_reader)
    if share is None or entries is None or not len(entries) or owner_of is None:
        return
    cause_of = entries.reader("RowCause")
    for row in save.rows:
        if _changed_hands(row, owner_of):
            manual = [e for e in entries.find(share.parent_field, row.content[ID]) if cause_of(e) == MANUAL]
            for entry in manual:
                context.log.recycle(entries, entry)
                context.log.purge(entries, entry)


def _changed_hands(row: Pending, owner_of: Reader) -> bool:
    return row.before is not None and owner_of(row.before) != owner_of(row.content)
