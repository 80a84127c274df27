"""Who may see and change what. Compiled once per user, object and version of schema and permissions.

Sources: "User Permissions and Access", "Field-Level Security" (Salesforce Help), FieldPermissions and ObjectPermissions (Object
Reference). A field that a caller may not read does not exist for that caller.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from orgtwin.access.assignments import Rights, compile_rights
from orgtwin.access.grants import Grant
from orgtwin.access.sharing import Sharing
from orgtwin.records.model import AccessLevel, Caller, Row
from orgtwin.records.table import RecordTable
from orgtwin.schema.companions import owner_name
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
_ALL_ACTIONS = frozenset({"read", "create", "edit", "delete", "viewAll", "modifyAll"})
_VIEW_ACTIONS = frozenset({"read", "viewAll"})


class Org(Protocol):
    automated_user_id: str

    @property
    def schema(self) -> Schema: ...

    def table(self, sobject_type: str) -> RecordTable: ...


class OrgAccess:
    def __init__(self, org: Org) -> None:
        self._org = org
        self._schema: Schema | None = None
        self._rights: dict[str, Rights] = {}
        self._sharing: dict[str, Sharing] = {}
        self._grants: dict[tuple[str, bool, str], Grant] = {}

    # ---- the questions

    def can(self, caller: Caller, sobject_type: str, action: str) -> bool:
        grant = self.grant(caller, sobject_type)
        return {
            "read": grant.read,
            "create": grant.create,
            "edit": grant.edit,
            "delete": grant.delete,
            "viewAll": grant.view_all,
            "modifyAll": grant.modify_all,
        }[action]

    def readable_fields(self, caller: Caller, sobject_type: str) -> frozenset[str]:
        return self.grant(caller, sobject_type).readable

    def creatable_fields(self, caller: Caller, sobject_type: str) -> frozenset[str]:
        return self.grant(caller, sobject_type).creatable

    def editable_fields(self, caller: Caller, sobject_type: str) -> frozenset[str]:
        return self.grant(caller, sobject_type).editable

    def row_filter(self, caller: Caller, sobject_type: str) -> Callable[[Row], bool] | None:
        return self.grant(caller, sobject_type).may_see

    def has_permission(self, caller: Caller, name: str) -> bool:
        return caller.user_id == self._org.automated_user_id or self.rights(caller.user_id).has(name)

    def rights(self, user_id: str) -> Rights:
        """What a user's profile, permission sets and groups add up to."""
        self._follow_schema()
        found = self._rights.get(user_id)
        if found is None:
            found = self._rights[user_id] = compile_rights(self._org, user_id)
        return found

    def grant(self, caller: Caller, sobject_type: str) -> Grant:
        """The compiled rights of a caller on an object; the same Grant as long as nothing that it rests on changes."""
        self._follow_schema()
        key = (caller.user_id, caller.access_level is AccessLevel.USER_MODE, sobject_type)
        found = self._grants.get(key)
        if found is None:
            found = self._grants[key] = self._compile(caller, sobject_type)
        return found

    # ---- compiling

    def _follow_schema(self) -> None:
        """What was compiled is forgotten with a new schema, and by the permission tables themselves when one changes."""
        schema = self._org.schema
        if schema is self._schema:
            return
        for name in PERMISSION_TABLES:
            self._org.table(name).on_change = self._forget
        self._schema = schema
        self._forget()

    def _forget(self) -> None:
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
        return self._user_mode(caller, sobject_type)

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
            may_see=None if "viewAll" in actions else sharing.visible(sobject_type),
            may_edit=None if "modifyAll" in actions else sharing.changeable(sobject_type),
            may_delete=None if "modifyAll" in actions else sharing.owned(sobject_type),
        )

    def _actions(self, rights: Rights, sobject_type: SObjectType) -> frozenset[str]:
        if sobject_type.setup:
            return _setup_actions(rights)
        name = sobject_type.api_name
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

    def _sharing_of(self, user_id: str) -> Sharing:
        found = self._sharing.get(user_id)
        if found is None:
            found = self._sharing[user_id] = Sharing(self._org, user_id)
        return found


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
    return not _takes_security(f, sobject_type) or _permission_key(f, sobject_type) in rights.readable


def _editable(f: Field, sobject_type: SObjectType, rights: Rights) -> bool:
    return not _takes_security(f, sobject_type) or _permission_key(f, sobject_type) in rights.editable
