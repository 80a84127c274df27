"""Which permission sets a user has, with what the groups mute: read from the setup records that REST and deploys write.

Source: "Permission Sets", "Permission Set Groups", "Muting Permission Sets" (Salesforce Help); PermissionSet and its children
(Object Reference).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from orgtwin.records.model import Row, Value
from orgtwin.records.table import RecordTable

OBJECT_ACTIONS = {
    "create": "PermissionsCreate",
    "read": "PermissionsRead",
    "edit": "PermissionsEdit",
    "delete": "PermissionsDelete",
    "viewAll": "PermissionsViewAllRecords",
    "modifyAll": "PermissionsModifyAllRecords",
    "viewAllFields": "PermissionsViewAllFields",
}
MUTING_PREFIX = "0QM"


class Tables(Protocol):
    def table(self, sobject_type: str) -> RecordTable: ...


@dataclass(frozen=True, slots=True)
class PermissionSource:
    """One permission set that a user has, and the muting sets that take from it (only inside a group); `until` when it expires."""

    set_id: str
    muting_ids: tuple[str, ...] = ()
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rights:
    """Everything a user may do, before sharing. Names are lower case. `until` is when the first of it expires."""

    actions: dict[str, frozenset[str]]  # object -> actions
    readable: frozenset[str]  # "contract.enddate"
    editable: frozenset[str]
    permissions: frozenset[str]  # user permissions and custom permissions
    is_active: bool
    until: datetime | None = None

    def has(self, permission: str) -> bool:
        return permission.lower() in self.permissions


NO_RIGHTS = Rights({}, frozenset(), frozenset(), frozenset(), is_active=False)


def sources_of(tables: Tables, user_id: str, now: datetime) -> list[PermissionSource]:
    """The profile's own permission set, the assigned ones, and those of assigned groups.

    Sets and groups that ask for session activation give nothing, since no session is activated here; neither does an assignment
    that has expired. Sources: "Session-Based Permission Sets" (Salesforce Help), "PermissionSetAssignment" (Object Reference).
    """
    found: list[PermissionSource] = []
    own: tuple[str, ...] = ()
    user = tables.table("User").get(user_id)
    if user is not None:
        profile_id = tables.table("User").reader("ProfileId")(user)
        sets = tables.table("PermissionSet")
        owned = sets.reader("IsOwnedByProfile")
        own = tuple(str(row[0]) for row in sets.find("ProfileId", profile_id) if owned(row))
        found += map(PermissionSource, own)
    assignments = tables.table("PermissionSetAssignment")
    set_of, group_of = assignments.reader("PermissionSetId"), assignments.reader("PermissionSetGroupId")
    expiry_of = assignments.reader("ExpirationDate")
    for row in assignments.find("AssigneeId", user_id):
        group_id, set_id, until = group_of(row), set_of(row), expiry_of(row)
        until = until if isinstance(until, datetime) else None
        if until is not None and until <= now:
            continue
        if isinstance(group_id, str):
            found += _members(tables, group_id, until)
        elif isinstance(set_id, str) and set_id not in own and not _waits(tables, "PermissionSet", set_id):
            found.append(PermissionSource(set_id, until=until))
    return found


def _members(tables: Tables, group_id: str, until: datetime | None) -> Iterator[PermissionSource]:
    if _waits(tables, "PermissionSetGroup", group_id):
        return
    components = tables.table("PermissionSetGroupComponent")
    read = components.reader("PermissionSetId")
    ids = [str(read(row)) for row in components.find("PermissionSetGroupId", group_id)]
    muting = tuple(set_id for set_id in ids if set_id.startswith(MUTING_PREFIX))
    yield from (PermissionSource(set_id, muting, until) for set_id in ids if set_id not in muting)


def _waits(tables: Tables, sobject_type: str, record_id: str) -> bool:
    """Whether a permission set or group does nothing before a session activates it."""
    table = tables.table(sobject_type)
    row = table.get(record_id)
    return row is not None and table.reader("HasActivationRequired")(row) is True


def compile_rights(tables: Tables, user_id: str, now: datetime) -> Rights:
    """Add up what all sources grant at that moment."""
    actions: dict[str, set[str]] = {}
    readable: set[str] = set()
    editable: set[str] = set()
    permissions: set[str] = set()
    sources = sources_of(tables, user_id, now)
    for source in sources:
        for name, granted in _object_actions(tables, source).items():
            actions.setdefault(name, set()).update(granted)
        can_read, can_edit = _fields(tables, source)
        readable |= can_read
        editable |= can_edit
        permissions |= _user_permissions(tables, source) | _custom_permissions(tables, source.set_id)
    frozen = {name: frozenset(granted) for name, granted in actions.items()}
    until = min((source.until for source in sources if source.until is not None), default=None)
    return Rights(
        frozen, frozenset(readable), frozenset(editable), frozenset(permissions), _is_active(tables, user_id), until
    )


def _is_active(tables: Tables, user_id: str) -> bool:
    """False for a user who is deactivated, or not there any more."""
    users = tables.table("User")
    user = users.get(user_id)
    return user is not None and users.reader("IsActive")(user) is True


def _object_actions(tables: Tables, source: PermissionSource) -> dict[str, set[str]]:
    granted = _object_rows(tables, source.set_id)
    for muting_id in source.muting_ids:
        for name, muted in _object_rows(tables, muting_id).items():
            granted.get(name, set()).difference_update(muted)
    return granted


def _object_rows(tables: Tables, parent_id: str) -> dict[str, set[str]]:
    table = tables.table("ObjectPermissions")
    name_of = table.reader("SobjectType")
    readers = [(action, table.reader(field)) for action, field in OBJECT_ACTIONS.items()]
    return {
        str(name_of(row)).lower(): {action for action, read in readers if read(row)}
        for row in table.find("ParentId", parent_id)
    }


def _fields(tables: Tables, source: PermissionSource) -> tuple[set[str], set[str]]:
    """What is editable is readable; muting the one leaves the other."""
    readable, editable = _field_rows(tables, source.set_id)
    readable |= editable
    for muting_id in source.muting_ids:
        muted_read, muted_edit = _field_rows(tables, muting_id)
        readable -= muted_read
        editable -= muted_edit | muted_read
    return readable, editable


def _field_rows(tables: Tables, parent_id: str) -> tuple[set[str], set[str]]:
    table = tables.table("FieldPermissions")
    name_of, reads, edits = table.reader("Field"), table.reader("PermissionsRead"), table.reader("PermissionsEdit")
    rows = table.find("ParentId", parent_id)
    readable = {str(name_of(row)).lower() for row in rows if reads(row)}
    editable = {str(name_of(row)).lower() for row in rows if edits(row)}
    return readable, editable


def _user_permissions(tables: Tables, source: PermissionSource) -> set[str]:
    granted = _permission_columns(tables.table("PermissionSet"), source.set_id)
    for muting_id in source.muting_ids:
        granted -= _permission_columns(tables.table("MutingPermissionSet"), muting_id)
    return granted


def _permission_columns(table: RecordTable, record_id: str) -> set[str]:
    row = table.get(record_id)
    if row is None:
        return set()
    return {name.removeprefix("permissions") for name in _true_columns(table, row) if name.startswith("permissions")}


def _true_columns(table: RecordTable, row: Row) -> Iterator[str]:
    for name, slot in table.slots.items():
        value: Value = row[slot] if slot < len(row) else None
        if value is True:
            yield name


def setup_entities(tables: Tables, user_id: str, now: datetime) -> set[str]:
    """Ids of the classes, pages, apps and custom permissions that a user has access to at that moment."""
    access = tables.table("SetupEntityAccess")
    entity_of = access.reader("SetupEntityId")
    return {
        str(entity_of(row))
        for source in sources_of(tables, user_id, now)
        for row in access.find("ParentId", source.set_id)
    }


def _custom_permissions(tables: Tables, parent_id: str) -> set[str]:
    access = tables.table("SetupEntityAccess")
    entity_of = access.reader("SetupEntityId")
    customs = tables.table("CustomPermission")
    name_of = customs.reader("DeveloperName")
    rows = (customs.get(str(entity_of(row))) for row in access.find("ParentId", parent_id))
    return {str(name_of(row)).lower() for row in rows if row is not None}
