"""What the trail says of a setup record that a user saved: one row an object."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from orgtwin.audit.entries import Entry
from orgtwin.audit.permissions import created, field_shown
from orgtwin.records.model import Row, Value
from orgtwin.records.saving import Operation, Pending, Save
from orgtwin.records.table import RecordTable
from orgtwin.schema.model import Schema

_SECTION = "Manage Users"
_NONE = "<None Specified>"


class Org(Protocol):
    @property
    def schema(self) -> Schema: ...

    def table(self, sobject_type: str) -> RecordTable: ...


Tell = Callable[[Org, Save, Pending], Iterator[Entry]]


def _of(save: Save, row: Row | None, field: str) -> Value:
    return None if row is None else save.table.reader(field)(row)


def _name(table: RecordTable, row: Row, field: str = "Name") -> str:
    return str(table.reader(field)(row) or "")


def _named(org: Org, sobject_type: str, record_id: Value, field: str) -> str:
    """A field of a record, or its id when it is gone."""
    table = org.table(sobject_type)
    row = table.get(str(record_id)) or table.recycled.get(str(record_id))
    return str(record_id) if row is None else _name(table, row, field)


def _user_shown(org: Org, user_id: Value) -> str:
    return f"user {_named(org, 'User', user_id, 'Name')} (UserID: [{str(user_id)[:15]}])"


def _assignments(org: Org, save: Save, row: Pending) -> Iterator[Entry]:
    group_id = _of(save, row.content, "PermissionSetGroupId")
    set_id = _of(save, row.content, "PermissionSetId")
    who = _user_shown(org, _of(save, row.content, "AssigneeId"))
    is_gone = save.operation is Operation.DELETE
    what, ends = "Unassign" if is_gone else "Assign", "unassigned from" if is_gone else "assigned to"
    if group_id is not None:
        name = _named(org, "PermissionSetGroup", group_id, "MasterLabel")
        yield Entry(f"PermSetGroup{what}", _SECTION, f"Permission set group {name}: {ends} {who}")
    else:
        name = _named(org, "PermissionSet", set_id, "Label")
        yield Entry(f"PermSet{what}", _SECTION, f"Permission set {name}: {ends} {who}")


def _licenses(org: Org, save: Save, row: Pending) -> Iterator[Entry]:
    name = _named(org, "PermissionSetLicense", _of(save, row.content, "PermissionSetLicenseId"), "MasterLabel")
    who = _user_shown(org, _of(save, row.content, "AssigneeId"))
    if save.operation is Operation.DELETE:
        yield Entry("PermSetLicenseUnassign", _SECTION, f"Permission set license {name} removed from {who}")
    else:
        yield Entry("PermSetLicenseAssign", _SECTION, f"Permission set license {name}: assigned to {who}")


def _permission_sets(org: Org, save: Save, row: Pending) -> Iterator[Entry]:
    label = str(_of(save, row.content, "Label"))
    if save.operation is Operation.INSERT:
        license_id = _of(save, row.content, "LicenseId")
        yield created(label, None if license_id is None else _named(org, "UserLicense", license_id, "Name"))
    elif save.operation is Operation.DELETE:
        yield Entry("PermSetDelete", _SECTION, f"Deleted permission set {label}")
    elif row.before is not None and (before := _name(save.table, row.before, "Label")) != label:
        text = f"Changed permission set {label}: Master Label was changed from {before} to {label}"
        yield Entry("PermSetLabelChange", _SECTION, text)


def _field_permissions(org: Org, save: Save, row: Pending) -> Iterator[Entry]:
    parent = _named(org, "PermissionSet", _of(save, row.content, "ParentId"), "Label")
    shown = field_shown(org.schema, str(_of(save, row.content, "Field")))
    before, after = _levels(save, row, _field_level)
    if before != after:
        text = f"field-level security for {shown} was changed from {before} to {after}"
        yield Entry("PermSetFlsChanged", _SECTION, f"Changed permission set {parent}: {text}")


def _object_permissions(org: Org, save: Save, row: Pending) -> Iterator[Entry]:
    parent = _named(org, "PermissionSet", _of(save, row.content, "ParentId"), "Label")
    name = str(_of(save, row.content, "SobjectType"))
    found = org.schema.find_type(name)
    before, after = _levels(save, row, _object_level)
    if before != after:
        text = f"{found.label if found else name} object permissions were changed from {before} to {after}"
        yield Entry("PermSetEntityPermChanged", _SECTION, f"Changed permission set {parent}: {text}")


def _levels(save: Save, row: Pending, level: Callable[[Save, Row], str]) -> tuple[str, str]:
    """Before and after."""
    is_gone = save.operation is Operation.DELETE
    before = "No Access" if row.before is None else level(save, row.before)
    return before, "No Access" if is_gone else level(save, row.content)


def _field_level(save: Save, row: Row) -> str:
    if _of(save, row, "PermissionsEdit"):
        return "Edit"
    return "Read" if _of(save, row, "PermissionsRead") else "No Access"


def _object_level(save: Save, row: Row) -> str:
    return ", ".join(word for name, word in _RIGHTS if _of(save, row, f"Permissions{name}")) or "No Access"


_RIGHTS = (
    ("Read", "Read"),
    ("Create", "Create"),
    ("Edit", "Edit"),
    ("Delete", "Delete"),
    ("ViewAllRecords", "View All"),
    ("ModifyAllRecords", "Modify All"),
)


def _users(org: Org, save: Save, row: Pending) -> Iterator[Entry]:
    name, user_id = _name(save.table, row.content), str(_of(save, row.content, "Id"))
    shown = f"user {name} (UserID: [{user_id[:15]}])"
    if row.before is None:
        yield Entry("createduser", _SECTION, f"Created new user {name}")  # ASSUMED: the text
        return
    moved = {field: values for field in _USER_FIELDS if (values := _moved(save, row, field)) is not None}
    if "IsActive" in moved:
        verb = "Activated" if moved["IsActive"][1] else "Deactivated"
        yield Entry(f"{verb.lower()}user", _SECTION, f"{verb} {shown}")
    if "ProfileId" in moved:
        before, after = (_named(org, "Profile", value, "Name") for value in moved["ProfileId"])
        text = f"Changed profile for user {name} from {before} to {after}"
        yield Entry("changedprofileforuser", _SECTION, text)
    if "UserRoleId" in moved:
        before, after = (_NONE if v is None else _named(org, "UserRole", v, "Name") for v in moved["UserRoleId"])
        code = {_NONE: "changedroleforuserfromnone"}.get(before, "changedroleforuser")
        action = "changedroleforusertonone" if after == _NONE else code
        yield Entry(action, _SECTION, f"Changed role for user {name} from {before} to {after}")
    if "Email" in moved:
        before, after = map(str, moved["Email"])
        yield Entry("changedemail", _SECTION, f"Changed email for {shown} from {before} to {after}")
    if "Username" in moved:
        before, after = map(str, moved["Username"])
        text = f"Changed username for {user_id[:15]} from {before} to {after}"
        yield Entry("changedusername", _SECTION, text)


_USER_FIELDS = ("IsActive", "ProfileId", "UserRoleId", "Email", "Username")


def _moved(save: Save, row: Pending, field: str) -> tuple[Value, Value] | None:
    before, after = _of(save, row.before, field), _of(save, row.content, field)
    return None if before == after else (before, after)


def _members(org: Org, save: Save, row: Pending) -> Iterator[Entry]:
    groups = org.table("Group")
    group = groups.get(str(_of(save, row.content, "GroupId")))
    if group is None:
        return
    name = _name(groups, group)
    if groups.reader("Type")(group) == "Queue":
        yield Entry("queueMembership", "Data Management", f"Changed membership for Queue {name}")
    else:
        yield Entry("groupMembership", _SECTION, f"Changed membership for Group {name}")  # ASSUMED: section and text


RECORDS: Mapping[str, Tell] = {
    "FieldPermissions": _field_permissions,
    "GroupMember": _members,
    "ObjectPermissions": _object_permissions,
    "PermissionSet": _permission_sets,
    "PermissionSetAssignment": _assignments,
    "PermissionSetLicenseAssign": _licenses,
    "User": _users,
}
