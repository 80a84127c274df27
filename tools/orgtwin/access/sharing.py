"""Which rows of an object a user sees and may change: organization-wide defaults, ownership, role hierarchy, parents.

Source: "Sharing Settings", "Role Hierarchy" and "Controlled by Parent" (Salesforce Help). There are no
sharing rules and manual shares here, so that nothing widens access silently.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from orgtwin.access.grants import RowFilter
from orgtwin.records.model import Row
from orgtwin.records.table import RecordTable
from orgtwin.schema.model import Schema, SObjectType

PUBLIC_READ = frozenset({"read", "readwrite", "readwritetransfer", "fullaccess", "publicread", "publicreadwrite"})
PUBLIC_EDIT = frozenset({"readwrite", "readwritetransfer", "fullaccess", "publicreadwrite"})
PARENT = "controlledbyparent"


class Tables(Protocol):
    @property
    def schema(self) -> Schema: ...

    def table(self, sobject_type: str) -> RecordTable: ...


class Sharing:
    """Row filters of one user. None stands for "all rows"."""

    def __init__(self, tables: Tables, user_id: str) -> None:
        self._tables = tables
        self._user_id = user_id
        self._people = _below(tables, user_id) | {user_id}
        self._groups = _groups_of(tables, user_id)

    def visible(self, sobject_type: SObjectType) -> RowFilter | None:
        return self._filter(sobject_type, PUBLIC_READ)

    def changeable(self, sobject_type: SObjectType) -> RowFilter | None:
        return self._filter(sobject_type, PUBLIC_EDIT)

    def owned(self, sobject_type: SObjectType) -> RowFilter | None:
        """Who may delete: the owner and those above, or everybody where the object has no owner."""
        if sobject_type.sharing_model.lower() == PARENT or sobject_type.find_field("OwnerId") is None:
            return self._filter(sobject_type, PUBLIC_EDIT)
        if sobject_type.sharing_model.lower() in ("fullaccess",):
            return None
        return self._by_owner(sobject_type)

    def _filter(self, sobject_type: SObjectType, public: frozenset[str]) -> RowFilter | None:
        model = sobject_type.sharing_model.lower()
        if sobject_type.setup or model in public:
            return None
        if model == PARENT:
            return self._by_parent(sobject_type, public)
        if sobject_type.find_field("OwnerId") is None:
            return None
        return self._by_owner(sobject_type)

    def _by_owner(self, sobject_type: SObjectType) -> RowFilter:
        owner_of = self._tables.table(sobject_type.api_name).reader("OwnerId")
        allowed = self._people | self._groups
        return lambda row: owner_of(row) in allowed

    def _by_parent(self, sobject_type: SObjectType, public: frozenset[str]) -> RowFilter | None:
        masters = [f for f in sobject_type.fields if f.is_master_detail] or [
            f for f in sobject_type.fields if f.cascade_delete and f.reference_to
        ]
        if not masters:
            return None
        master = min(masters, key=lambda f: f.master_detail_order or 0)
        parent_type = self._tables.schema.find_type(master.reference_to[0])
        allowed = self._filter(parent_type, public) if parent_type is not None else None
        if parent_type is None or allowed is None:
            return None
        return _through_parent(
            self._tables.table(sobject_type.api_name).reader(master.api_name),
            self._tables.table(parent_type.api_name),
            allowed,
        )


def _through_parent(parent_of: Callable[[Row], object], parents: RecordTable, allowed: RowFilter) -> RowFilter:
    def is_allowed(row: Row) -> bool:
        parent = parents.get(str(parent_of(row)))
        return parent is None or allowed(parent)

    return is_allowed


def _below(tables: Tables, user_id: str) -> frozenset[str]:
    """All users in roles below the user's role."""
    users, roles = tables.table("User"), tables.table("UserRole")
    user = users.get(user_id)
    role_id = users.reader("UserRoleId")(user) if user is not None else None
    if not isinstance(role_id, str):
        return frozenset()
    waiting, below = [role_id], set[str]()
    while waiting:
        for child in roles.find("ParentRoleId", waiting.pop()):
            if str(child[0]) not in below:
                below.add(str(child[0]))
                waiting.append(str(child[0]))
    return frozenset(str(row[0]) for role in below for row in users.find("UserRoleId", role))


def _groups_of(tables: Tables, user_id: str) -> frozenset[str]:
    """Public groups and queues that the user is in, directly or through a group."""
    members = tables.table("GroupMember")
    group_of = members.reader("GroupId")
    waiting, found = [user_id], set[str]()
    while waiting:
        for row in members.find("UserOrGroupId", waiting.pop()):
            group_id = str(group_of(row))
            if group_id not in found:
                found.add(group_id)
                waiting.append(group_id)
    return frozenset(found)
