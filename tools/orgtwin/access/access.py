"""Who may see and change what. Compiled once per user, object and version of schema, permissions and sharing rules.

    access.grant(caller, "Contract")                     objects, fields and rows, as the caller's access level asks
    access.record_filter(user_id, "Contract")            which rows sharing shows a user; None: all of them
    access.record_filter(user_id, "Contract", Level.EDIT)  which it lets the user change (Level.FULL: delete, share, give away)
    access.has_permission(caller, "ApiEnabled")

A caller of AccessLevel.WITH_SHARING is one in system mode whom sharing binds, as Apex `with sharing` is: rows are filtered on
reads and refused on writes, objects and fields are not asked.
Sources: "User Permissions and Access", "Field-Level Security" (Salesforce Help), FieldPermissions and ObjectPermissions (Object
Reference). A field that a caller may not read does not exist for that caller.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from operator import attrgetter
from typing import Protocol

from orgtwin.access.assignments import Rights, compile_rights
from orgtwin.access.grants import Grant, RowFilter
from orgtwin.access.levels import Level
from orgtwin.access.sharing import Sharing
from orgtwin.records.model import AccessLevel, Caller, Row
from orgtwin.records.table import RecordTable
from orgtwin.schema.companions import find_shared, owner_name
from orgtwin.schema.model import Field, FieldType, Schema, SObjectType

PERMISSION_TABLES = (
    "User",
    "UserRole",
    "Profile",
    "PermissionSet",
    "PermissionSetAssignment",
    "PermissionSetGroup",
    "PermissionSetGroupComponent",
    "MutingPermissionSet",
    "ObjectPermissions",
    "FieldPermissions",
    "SetupEntityAccess",
    "CustomPermission",
    "Group",
    "GroupMember",
)
_ACTIONS: Mapping[str, Callable[[Grant], bool]] = {
    "read": attrgetter("read"),
    "create": attrgetter("create"),
    "edit": attrgetter("edit"),
    "delete": attrgetter("delete"),
    "viewAll": attrgetter("view_all"),
    "modifyAll": attrgetter("modify_all"),
}
_ALL_ACTIONS = frozenset({"read", "create", "edit", "delete", "viewAll", "modifyAll"})
_VIEW_ACTIONS = frozenset({"read", "viewAll"})


class Org(Protocol):
    automated_user_id: str
    version: int

    @property
    def schema(self) -> Schema: ...

    @property
    def settings(self) -> Mapping[str, object]: ...

    @property
    def now(self) -> datetime: ...

    def table(self, sobject_type: str) -> RecordTable: ...


class OrgAccess:
    def __init__(self, org: Org) -> None:
        self._org = org
        self._version = -1
        self._schema: Schema | None = None
        self._expiry: datetime | None = None
        self._rights: dict[str, Rights] = {}
        self._sharing: dict[str, Sharing] = {}
        self._grants: dict[tuple[str, AccessLevel, str], Grant] = {}

    # ---- the questions

    def can(self, caller: Caller, sobject_type: str, action: str) -> bool:
        return _ACTIONS[action](self.grant(caller, sobject_type))

    def readable_fields(self, caller: Caller, sobject_type: str) -> frozenset[str]:
        return self.grant(caller, sobject_type).readable

    def creatable_fields(self, caller: Caller, sobject_type: str) -> frozenset[str]:
        return self.grant(caller, sobject_type).creatable

    def editable_fields(self, caller: Caller, sobject_type: str) -> frozenset[str]:
        return self.grant(caller, sobject_type).editable

    def row_filter(self, caller: Caller, sobject_type: str) -> Callable[[Row], bool] | None:
        return self.grant(caller, sobject_type).may_see

    def record_filter(self, user_id: str, sobject_type: str, level: Level = Level.READ) -> RowFilter | None:
        """Which rows sharing lets a user use that far, whatever the object and field permissions; None when all of them."""
        self._follow()
        found = self._org.schema.find_type(sobject_type)
        if found is None or user_id == self._org.automated_user_id:
            return None
        return self._sharing_of(user_id).at_least(found, level)

    def has_permission(self, caller: Caller, name: str) -> bool:
        return caller.user_id == self._org.automated_user_id or self.rights(caller.user_id).has(name)

    def rights(self, user_id: str) -> Rights:
        """What a user's profile, permission sets and groups add up to."""
        self._follow()
        found = self._rights.get(user_id)
        if found is None:
            found = self._rights[user_id] = compile_rights(self._org, user_id, self._org.now)
            if found.until is not None:
                self._expiry = min(found.until, self._expiry or found.until)
        return found

    def grant(self, caller: Caller, sobject_type: str) -> Grant:
        """The compiled rights of a caller on an object; the same Grant as long as nothing that it rests on changes."""
        self._follow()
        key = (caller.user_id, caller.access_level, sobject_type)
        found = self._grants.get(key)
        if found is None:
            found = self._grants[key] = self._compile(caller, sobject_type)
        return found

    # ---- compiling

    def _follow(self) -> None:
        """What was compiled is forgotten with a new schema or other settings (sharing rules, what is deployed), when an assignment
        expires, and by the permission tables themselves when one changes."""
        if self._org.version != self._version:
            self._catch_up()
        if self._expiry is not None and self._org.now >= self._expiry:
            self._forget()

    def _catch_up(self) -> None:
        org = self._org
        self._version = org.version
        if org.schema is not self._schema:
            for name in PERMISSION_TABLES:
                org.table(name).on_change = self._forget
            self._schema = org.schema
        self._forget()

    def _forget(self) -> None:
        self._expiry = None
        self._rights.clear()
        self._sharing.clear()
        self._grants.clear()

    def _compile(self, caller: Caller, name: str) -> Grant:
        sobject_type = self._org.schema.find_type(name)
        if sobject_type is None:
            return _NOTHING
        if caller.user_id == self._org.automated_user_id:
            return _automated(sobject_type)
        if caller.access_level is AccessLevel.SYSTEM_MODE:
            return _system_mode(sobject_type)
        if caller.access_level is AccessLevel.WITH_SHARING:
            return self._bound_by_sharing(caller.user_id, sobject_type)
        return self._user_mode(caller, sobject_type)

    def _bound_by_sharing(self, user_id: str, sobject_type: SObjectType) -> Grant:
        sharing = self._sharing_of(user_id)
        return replace(
            _system_mode(sobject_type),
            may_see=sharing.at_least(sobject_type, Level.READ),
            may_edit=sharing.at_least(sobject_type, Level.EDIT),
            may_delete=sharing.at_least(sobject_type, Level.FULL),
        )

    def _user_mode(self, caller: Caller, sobject_type: SObjectType) -> Grant:
        rights = self.rights(caller.user_id)
        actions = self._actions(rights, sobject_type)
        fields = [f for f in sobject_type.fields if _exists(f, sobject_type) and _readable(f, sobject_type, rights)]
        writable = [f for f in fields if _editable(f, sobject_type, rights)]
        sharing = self._sharing_of(caller.user_id)
        return Grant(
            read="read" in actions,
            create="create" in actions and sobject_type.createable,
            edit="edit" in actions and sobject_type.updateable,
            delete="delete" in actions and sobject_type.deletable,
            view_all="viewAll" in actions,
            modify_all="modifyAll" in actions,
            readable=_names(fields),
            creatable=_names(f for f in writable if f.createable),
            editable=_names(f for f in writable if f.updateable),
            may_see=self._without_hidden_changes(caller, sobject_type, sharing.at_least(sobject_type, Level.READ)),
            may_edit=sharing.at_least(sobject_type, Level.EDIT),
            may_delete=sharing.at_least(sobject_type, Level.FULL),
        )

    def _without_hidden_changes(
        self, caller: Caller, history: SObjectType, shows: RowFilter | None
    ) -> RowFilter | None:
        """Of a history object only the changes of fields that the caller may read. Source: "Field History Tracking" (Salesforce
        Help)."""
        owner = owner_name(self._org.schema, history.api_name)
        owner_type = self._org.schema.find_type(owner) if owner is not None else None
        if owner_type is None:
            return shows
        hidden = _names(owner_type.fields) - self.grant(caller, owner_type.api_name).readable
        if not hidden:
            return shows
        name_of = self._org.table(history.api_name).reader("Field")

        def is_shown(row: Row) -> bool:
            name = str(name_of(row)).lower()
            return name not in hidden and f"{name}id" not in hidden and (shows is None or shows(row))

        return is_shown

    def _actions(self, rights: Rights, sobject_type: SObjectType) -> frozenset[str]:
        if sobject_type.setup:
            return _setup_actions(rights)
        name = sobject_type.api_name
        shared = find_shared(self._org.schema, name)
        if shared is not None:
            return self._actions_on_entries(rights, shared.shared)
        owner = GOVERNED_BY.get(name) or owner_name(self._org.schema, name) or name
        granted = OPEN_TO_ALL.get(owner) or rights.actions.get(owner.lower(), frozenset())
        if rights.has("ModifyAllData"):
            granted |= _ALL_ACTIONS
        elif rights.has("ViewAllData"):
            granted |= _VIEW_ACTIONS
        if "modifyAll" in granted:
            granted |= _ALL_ACTIONS
        elif "viewAll" in granted:
            granted |= _VIEW_ACTIONS
        return granted

    def _actions_on_entries(self, rights: Rights, shared: str) -> frozenset[str]:
        """Who may read an object may read its sharing entries; which of them may be written shows row by row."""
        sobject_type = self._org.schema.find_type(shared)
        granted = self._actions(rights, sobject_type) if sobject_type is not None else frozenset()
        kept = granted & {"viewAll", "modifyAll"}
        return kept | _CRUD if "read" in granted else frozenset()

    def _sharing_of(self, user_id: str) -> Sharing:
        found = self._sharing.get(user_id)
        if found is None:

            def may_read(name: str) -> bool:
                return "read" in self._actions_of(user_id, name)

            def sees_all(name: str, level: Level) -> bool:
                return ("viewAll" if level is Level.READ else "modifyAll") in self._actions_of(user_id, name)

            found = self._sharing[user_id] = Sharing(self._org, user_id, may_read, sees_all)
        return found

    def _actions_of(self, user_id: str, name: str) -> frozenset[str]:
        sobject_type = self._org.schema.find_type(name)
        return frozenset() if sobject_type is None else self._actions(self.rights(user_id), sobject_type)


_NO_FIELDS: frozenset[str] = frozenset()
_NOTHING = Grant(False, False, False, False, False, False, _NO_FIELDS, _NO_FIELDS, _NO_FIELDS)


def _names(fields: object) -> frozenset[str]:
    return frozenset(f.api_name.lower() for f in fields)  # type: ignore[attr-defined]


def _automated(sobject_type: SObjectType) -> Grant:
    """The org itself: it also fills in what no user may write."""
    every = _names(f for f in sobject_type.fields if f.type is not FieldType.ID)
    return Grant(True, True, True, True, True, True, _names(sobject_type.fields), every, every)


def _system_mode(sobject_type: SObjectType) -> Grant:
    creatable = _names(f for f in sobject_type.fields if f.createable)
    editable = _names(f for f in sobject_type.fields if f.updateable)
    rights = (True, sobject_type.createable, sobject_type.updateable, sobject_type.deletable, True, True)
    return Grant(*rights, _names(sobject_type.fields), creatable, editable)


def _setup_actions(rights: Rights) -> frozenset[str]:
    """ASSUMED: everyone reads setup objects (users, profiles, permission sets); administrators change them."""
    is_administrator = rights.has("ModifyAllData") or rights.has("ManageUsers") or rights.has("AssignPermissionSets")
    return _ALL_ACTIONS if is_administrator else _VIEW_ACTIONS


_CRUD = frozenset({"read", "create", "edit", "delete"})
OPEN_TO_ALL: dict[str, frozenset[str]] = {
    **dict.fromkeys(("ContentVersion", "ContentDocument", "ContentDocumentLink"), _CRUD),
    **dict.fromkeys(("AppMenuItem", "AsyncApexJob", "BusinessHours", "CronJobDetail", "CronTrigger"), _VIEW_ACTIONS),
    **dict.fromkeys(("EmailTemplate", "FiscalYearSettings", "Folder", "Holiday", "ListView", "Period"), _VIEW_ACTIONS),
    "UserRecordAccess": _VIEW_ACTIONS,
}
"""Objects without object permissions that every user may use so far. ASSUMED: files are shared like public records."""

GOVERNED_BY: dict[str, str] = {
    "ContractContactRole": "Contract",
    "OpportunityContactRole": "Opportunity",
    "OpportunityLineItem": "Opportunity",
    "OrderItem": "Order",
    "QuoteLineItem": "Quote",
    "CampaignMember": "Campaign",
    "CampaignMemberStatus": "Campaign",
    "PricebookEntry": "Pricebook2",
    "CaseComment": "Case",
    "ContractStatus": "Contract",
    "OrderStatus": "Order",
    "OpportunityStage": "Opportunity",
    "LeadStatus": "Lead",
    "CaseStatus": "Case",
    "TaskStatus": "Task",
    "TaskPriority": "Task",
}
"""Objects without object permissions of their own. Source: ObjectPermissions (Object Reference), "Usage"."""


def _exists(f: Field, sobject_type: SObjectType) -> bool:
    """RecordTypeId is part of an object once the object has a record type."""
    return f.api_name != "RecordTypeId" or bool(sobject_type.record_types) or sobject_type.setup


def _permission_key(f: Field, sobject_type: SObjectType) -> str:
    """Field-level security of an address is that of the compound field."""
    return f"{sobject_type.api_name}.{f.compound or f.api_name}".lower()


def _takes_security(f: Field, sobject_type: SObjectType) -> bool:
    if sobject_type.setup or not sobject_type.createable or sobject_type.api_name in OPEN_TO_ALL:
        return False
    return f.permissionable and not f.required and not f.is_master_detail and f.type is not FieldType.ID


def _readable(f: Field, sobject_type: SObjectType, rights: Rights) -> bool:
    if not _takes_security(f, sobject_type) or _permission_key(f, sobject_type) in rights.readable:
        return True
    return "viewAllFields" in rights.actions.get(sobject_type.api_name.lower(), frozenset())


def _editable(f: Field, sobject_type: SObjectType, rights: Rights) -> bool:
    return not _takes_security(f, sobject_type) or _permission_key(f, sobject_type) in rights.editable
