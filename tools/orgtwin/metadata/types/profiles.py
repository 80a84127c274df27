"""Profile: a file changes what it names of a profile; a retrieve tells the profile as the records stand.

Source: "Profile" (Metadata API Developer Guide).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from orgtwin.metadata.component import Component
from orgtwin.metadata.problem import ComponentRefused
from orgtwin.metadata.types.permission_checks import OBJECT_RIGHTS, check_dependencies, check_permissions
from orgtwin.metadata.types.permissions import field_row, object_row
from orgtwin.metadata.types.record_writes import delete_rows, find_row, insert_rows, matching_rows, save_row
from orgtwin.metadata.workspace import Workspace
from orgtwin.metadata.xml import Node, leaf
from orgtwin.organization import Organization
from orgtwin.records.model import Row, Value
from orgtwin.schema.model import SObjectType

PROFILE_NAMES = {
    "Admin": "System Administrator",
    "Standard": "Standard User",
    "ReadOnly": "Read Only",
    "SolutionManager": "Solution Manager",
    "MarketingProfile": "Marketing User",
    "ContractManager": "Contract Manager",
    "StandardAul": "Standard Platform User",
    "MinimumAccess": "Minimum Access - Salesforce",
}
"""Full names of standard profiles, and the names that users see. Source: "Profile" (Metadata API Developer Guide)."""


def deploy_profile(workspace: Workspace, component: Component, before: Component | None) -> Component:
    """Only what the file names changes; login IP ranges are one list that is replaced."""
    org, node = workspace.org, component.body
    name = PROFILE_NAMES.get(component.full_name, component.full_name)
    check_permissions(workspace, node)
    check_dependencies(workspace, node, whole=False)
    license_id: str | None = None
    if find_row(org, "Profile", Name=name) is None:
        if node.value("userLicense") is None:
            raise ComponentRefused("Required field is missing: userLicense")
        license_id = find_row(org, "UserLicense", Name=node.value("userLicense"))
        if license_id is None:
            raise ComponentRefused(f"In field: userLicense - no UserLicense named {node.value('userLicense')} found")
    workspace.write_records(component, lambda org: _write_profile(org, name, node, license_id))
    return component if before is None else replace(component, body=merge_profile(before.body, node))


_PROFILE_KEYS = {
    "applicationVisibilities": "application",
    "classAccesses": "apexClass",
    "customMetadataTypeAccesses": "name",
    "customPermissions": "name",
    "customSettingAccesses": "name",
    "fieldPermissions": "field",
    "flowAccesses": "flow",
    "layoutAssignments": "layout",
    "objectPermissions": "object",
    "pageAccesses": "apexPage",
    "recordTypeVisibilities": "recordType",
    "tabVisibilities": "tab",
    "userPermissions": "name",
}


def merge_profile(before: Node, after: Node) -> Node:
    """The profile after a deploy: entries by their key, everything else by its element."""
    said = {child.tag for child in after.children}
    keyed = {
        (child.tag, child.value(_PROFILE_KEYS[child.tag])) for child in after.children if child.tag in _PROFILE_KEYS
    }
    kept = [
        child
        for child in before.children
        if (child.tag not in _PROFILE_KEYS and child.tag not in said)
        or (child.tag in _PROFILE_KEYS and (child.tag, child.value(_PROFILE_KEYS[child.tag])) not in keyed)
    ]
    rows = sorted(
        (*kept, *after.children), key=lambda child: (child.tag, child.value(_PROFILE_KEYS.get(child.tag, "")) or "")
    )
    return after.with_children(rows)


def _write_profile(org: Organization, name: str, node: Node, license_id: str | None) -> str:
    profile = find_row(org, "Profile", Name=name)
    if profile is None:
        profile = save_row(
            org, "Profile", None, Name=name, UserLicenseId=license_id, Description=node.value("description")
        )
    parent = find_row(org, "PermissionSet", ProfileId=profile) or save_row(
        org,
        "PermissionSet",
        None,
        Name=f"X{profile}",
        Label=profile,
        ProfileId=profile,
        IsOwnedByProfile=True,
        IsCustom=True,
        Type="Profile",
    )
    flags = {f"Permissions{entry.value('name')}": entry.flag("enabled") for entry in node.all("userPermissions")}
    save_row(org, "PermissionSet", parent, **flags)
    _merge_rows(
        org,
        "ObjectPermissions",
        "SobjectType",
        [object_row(org, parent, entry) for entry in node.all("objectPermissions")],
    )
    _merge_rows(
        org, "FieldPermissions", "Field", [field_row(org, parent, entry) for entry in node.all("fieldPermissions")]
    )
    return profile


def _merge_rows(org: Organization, sobject_type: str, key: str, rows: list[dict[str, object]]) -> None:
    """Rows of a parent by key: replaced, or gone when they grant nothing."""
    if not rows:
        return
    table = org.table(sobject_type)
    read_key, read_id = table.reader(key), table.reader("Id")
    existing = matching_rows(org, sobject_type, {"ParentId": str(rows[0]["ParentId"])})
    named = {row[key] for row in rows}
    delete_rows(org, [str(read_id(row)) for row in existing if read_key(row) in named])
    insert_rows(org, sobject_type, [row for row in rows if any(value is True for value in row.values())])


def profile_node(org: Organization, full_name: str) -> tuple[str, Node] | None:
    """Id and file of a profile as the records stand, what it does not grant included; None when there is none of that name."""
    name = PROFILE_NAMES.get(full_name, full_name)
    profile = find_row(org, "Profile", Name=name)
    parent = find_row(org, "PermissionSet", ProfileId=profile) if profile else None
    if profile is None or parent is None:
        return None
    rows: list[Node] = [leaf("custom", name not in PROFILE_NAMES.values())]
    rows.extend(_object_entries(org, parent))
    rows.extend(_field_entries(org, parent))
    rows.extend(_user_permission_entries(org, parent))
    license_name = _license_name(org, profile)
    if license_name is not None:
        rows.append(leaf("userLicense", license_name))
    return profile, Node("Profile", children=tuple(rows))


def _object_entries(org: Organization, parent: str) -> Iterator[Node]:
    """One entry an object that takes permissions. Who may modify all data has every right on an object that names none."""
    found = _by_name(org, "ObjectPermissions", "SobjectType", parent, tuple(OBJECT_RIGHTS.values()))
    everything = _grants(org, parent, "PermissionsModifyAllData")
    for sobject_type in org.schema:
        rights = found.get(sobject_type.api_name)
        if rights is None and not (sobject_type.custom and _takes_permissions(sobject_type)):
            continue
        values = rights or (everything,) * len(OBJECT_RIGHTS)
        flags = [leaf(right, value is True) for right, value in zip(OBJECT_RIGHTS, values, strict=True)]
        yield Node("objectPermissions", children=(*flags, leaf("object", sobject_type.api_name)))


def _field_entries(org: Organization, parent: str) -> Iterator[Node]:
    found = _by_name(org, "FieldPermissions", "Field", parent, ("PermissionsRead", "PermissionsEdit"))
    for sobject_type in org.schema:
        for field in sobject_type.fields if _takes_permissions(sobject_type) else ():
            name = f"{sobject_type.api_name}.{field.api_name}"
            if field.permissionable and field.compound is None:
                read, edit = found.get(name, (False, False))
                rows = (leaf("editable", edit is True), leaf("field", name), leaf("readable", read is True))
                yield Node("fieldPermissions", children=rows)


def _takes_permissions(sobject_type: SObjectType) -> bool:
    return (
        not sobject_type.setup and sobject_type.custom_setting is None and not sobject_type.api_name.endswith("__mdt")
    )


def _by_name(
    org: Organization, sobject_type: str, key: str, parent: str, columns: tuple[str, ...]
) -> dict[Value, tuple[Value, ...]]:
    """Columns of the permission rows of a parent, by what they are about."""
    table = org.table(sobject_type)
    read_key, readers = table.reader(key), [table.reader(column) for column in columns]
    rows: Iterable[Row] = matching_rows(org, sobject_type, {"ParentId": parent})
    return {read_key(row): tuple(read(row) for read in readers) for row in rows}


def _grants(org: Organization, parent: str, permission: str) -> bool:
    table = org.table("PermissionSet")
    row = table.get(parent)
    return row is not None and table.reader(permission)(row) is True


def _user_permission_entries(org: Organization, parent: str) -> Iterable[Node]:
    table, sobject_type = org.table("PermissionSet"), org.schema.find_type("PermissionSet")
    row = table.get(parent)
    for field in sobject_type.fields if sobject_type and row is not None else ():
        if row is not None and field.api_name.startswith("Permissions") and table.reader(field.api_name)(row) is True:
            name = leaf("name", field.api_name.removeprefix("Permissions"))
            yield Node("userPermissions", children=(leaf("enabled", True), name))


def _license_name(org: Organization, profile: str) -> str | None:
    row = org.table("Profile").get(profile)
    license_id = org.table("Profile").reader("UserLicenseId")(row) if row is not None else None
    license_row = org.table("UserLicense").get(str(license_id)) if license_id else None
    return str(org.table("UserLicense").reader("Name")(license_row)) if license_row is not None else None
