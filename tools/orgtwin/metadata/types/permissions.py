"""PermissionSet, PermissionSetGroup, MutingPermissionSet, Profile, CustomPermission: files become the setup
records that access reads.

From API 40 on the file of a permission set replaces the whole set; the file of a profile changes only what it names.
Source: "PermissionSet", "Profile" (Metadata API Developer Guide); "ObjectPermissions", "FieldPermissions" (Object Reference).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from orgtwin.metadata.component import Component
from orgtwin.metadata.problem import ComponentRefused
from orgtwin.metadata.types.permission_checks import OBJECT_RIGHTS, check_dependencies, check_permissions
from orgtwin.metadata.types.record_writes import delete_rows, find_row, find_rows, insert_rows, matching_rows, save_row
from orgtwin.metadata.workspace import Workspace
from orgtwin.metadata.xml import Node, leaf
from orgtwin.organization import Organization
from orgtwin.records.model import Row

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

_MAX_LABEL = 80


def deploy_permission_set(workspace: Workspace, component: Component, _before: Component | None) -> Component:
    node = component.body
    _require_label(node)
    check_permissions(workspace, node)
    check_dependencies(workspace, node, whole=True)
    license_id = _license_id(workspace.org, node.value("license"))
    workspace.write_records(component, lambda org: _write_permission_set(org, component, license_id))
    return component


def _require_label(node: Node) -> None:
    label = node.value("label")
    if label is None:
        raise ComponentRefused("Required field is missing: label")
    if len(label) > _MAX_LABEL:
        raise ComponentRefused(f"Value too long for field: Label maximum length is:{_MAX_LABEL}")


def _license_id(org: Organization, name: str | None) -> str | None:
    if name is None:
        return None
    for sobject_type, field in (
        ("UserLicense", "Name"),
        ("PermissionSetLicense", "MasterLabel"),
        ("PermissionSetLicense", "DeveloperName"),
    ):
        found = find_row(org, sobject_type, **{field: name})
        if found is not None:
            return found
    raise ComponentRefused(f"In field: license - no UserLicense named {name} found")


def _write_permission_set(org: Organization, component: Component, license_id: str | None) -> str:
    node = component.body
    existing = find_row(org, "PermissionSet", Name=component.full_name)
    values: dict[str, object] = {
        "Label": node.value("label"),
        "Description": node.value("description"),
        "HasActivationRequired": node.flag("hasActivationRequired"),
        **_user_permissions(org, "PermissionSet", node, existing),
    }
    if existing is None:
        values.update(
            Name=component.full_name, IsCustom=True, IsOwnedByProfile=False, Type="Regular", LicenseId=license_id
        )
    parent = save_row(org, "PermissionSet", existing, **values)
    _replace_children(org, parent, node)
    return parent


def _user_permissions(org: Organization, sobject_type: str, node: Node, existing: str | None) -> dict[str, object]:
    """Permission fields to set; those of an existing set that the file leaves out go back to false."""
    described = org.schema.find_type(sobject_type)
    names = {
        f"Permissions{entry.value('name')}".lower(): entry.flag("enabled") for entry in node.all("userPermissions")
    }
    fields = [field for field in described.fields if field.api_name.startswith("Permissions")] if described else []
    row = org.table(sobject_type).get(existing) if existing else None
    values: dict[str, object] = {}
    for field in fields:
        wanted = names.get(field.api_name.lower(), False)
        if row is not None and org.table(sobject_type).reader(field.api_name)(row) == wanted:
            continue
        if wanted or row is not None:
            values[field.api_name] = wanted
    return values


def _replace_children(org: Organization, parent: str, node: Node) -> None:
    for sobject_type in ("ObjectPermissions", "FieldPermissions", "SetupEntityAccess"):
        delete_rows(org, find_rows(org, sobject_type, ParentId=parent))
    insert_rows(
        org,
        "ObjectPermissions",
        [_object_row(parent, entry) for entry in node.all("objectPermissions") if _grants_object(entry)],
    )
    insert_rows(
        org,
        "FieldPermissions",
        [_field_row(parent, entry) for entry in node.all("fieldPermissions") if entry.flag("readable")],
    )
    insert_rows(org, "SetupEntityAccess", list(_setup_rows(org, parent, node)))


def _grants_object(entry: Node) -> bool:
    return any(entry.flag(right) for right in OBJECT_RIGHTS)


def _object_row(parent: str, entry: Node) -> dict[str, object]:
    rights = {column: entry.flag(right) for right, column in OBJECT_RIGHTS.items()}
    return {"ParentId": parent, "SobjectType": entry.value("object"), **rights}


def _field_row(parent: str, entry: Node) -> dict[str, object]:
    name = entry.value("field") or ""
    return {
        "ParentId": parent,
        "SobjectType": name.partition(".")[0],
        "Field": name,
        "PermissionsRead": entry.flag("readable"),
        "PermissionsEdit": entry.flag("editable"),
    }


def _setup_rows(org: Organization, parent: str, node: Node) -> Iterable[dict[str, object]]:
    """Access to what has rows of its own. Other kinds (apps, record types, credentials) stand in the component alone."""
    for element, key, sobject_type, field in (
        ("classAccesses", "apexClass", "ApexClass", "Name"),
        ("customPermissions", "name", "CustomPermission", "DeveloperName"),
    ):
        for entry in node.all(element):
            record_id = find_row(org, sobject_type, **{field: entry.value(key)})
            if entry.flag("enabled") and record_id is not None:
                yield {"ParentId": parent, "SetupEntityId": record_id, "SetupEntityType": sobject_type}


def remove_permission_set(workspace: Workspace, component: Component) -> None:
    groups = [
        group.full_name
        for group in workspace.of_type("PermissionSetGroup")
        if component.full_name in group.body.values("permissionSets")
    ]
    if groups:
        raise ComponentRefused(
            f"This permission set is referenced elsewhere in salesforce.com. : Permission Set Group - {', '.join(groups)}"
        )
    workspace.write_records(component, lambda org: _delete_named(org, "PermissionSet", "Name", component.full_name))


def _delete_named(org: Organization, sobject_type: str, field: str, name: str) -> None:
    delete_rows(org, find_rows(org, sobject_type, **{field: name}))


def deploy_custom_permission(workspace: Workspace, component: Component, _before: Component | None) -> Component:
    _require_label(component.body)
    workspace.write_records(component, lambda org: _write_custom_permission(org, component))
    return component


def _write_custom_permission(org: Organization, component: Component) -> str:
    existing = find_row(org, "CustomPermission", DeveloperName=component.full_name)
    return save_row(
        org,
        "CustomPermission",
        existing,
        DeveloperName=component.full_name,
        MasterLabel=component.body.value("label"),
        Description=component.body.value("description"),
        IsLicensed=component.body.flag("isLicensed"),
        Language="en_US",
    )


def remove_custom_permission(workspace: Workspace, component: Component) -> None:
    workspace.write_records(
        component, lambda org: _delete_named(org, "CustomPermission", "DeveloperName", component.full_name)
    )


def deploy_permission_set_group(workspace: Workspace, component: Component, _before: Component | None) -> Component:
    """Recalculation is immediate: Status is Updated when the deploy answers."""
    _require_label(component.body)
    for element, type_name in (("permissionSets", "PermissionSet"), ("mutingPermissionSets", "MutingPermissionSet")):
        for name in component.body.values(element):
            if workspace.find(type_name, name) is None and not _has_permission_set(workspace.org, type_name, name):
                raise ComponentRefused(f"In field: {element} - no {type_name} named {name} found")
    workspace.write_records(component, lambda org: _write_group(org, component))
    return component


def _has_permission_set(org: Organization, type_name: str, name: str) -> bool:
    return type_name == "PermissionSet" and find_row(org, "PermissionSet", Name=name) is not None


def _write_group(org: Organization, component: Component) -> str:
    node = component.body
    existing = find_row(org, "PermissionSetGroup", DeveloperName=component.full_name)
    group = save_row(
        org,
        "PermissionSetGroup",
        existing,
        DeveloperName=component.full_name,
        MasterLabel=node.value("label"),
        Description=node.value("description"),
        HasActivationRequired=node.flag("hasActivationRequired"),
        Status="Updated",
        Language="en_US",
    )
    delete_rows(org, find_rows(org, "PermissionSetGroupComponent", PermissionSetGroupId=group))
    members = [find_row(org, "PermissionSet", Name=name) for name in node.values("permissionSets")]
    members += [
        find_row(org, "MutingPermissionSet", DeveloperName=name) for name in node.values("mutingPermissionSets")
    ]
    rows = [{"PermissionSetGroupId": group, "PermissionSetId": member} for member in members if member]
    insert_rows(org, "PermissionSetGroupComponent", rows)
    return group


def remove_permission_set_group(workspace: Workspace, component: Component) -> None:
    workspace.write_records(
        component, lambda org: _delete_named(org, "PermissionSetGroup", "DeveloperName", component.full_name)
    )


def deploy_muting_permission_set(workspace: Workspace, component: Component, _before: Component | None) -> Component:
    """`true` mutes. Only a group gives it effect."""
    _require_label(component.body)
    check_permissions(workspace, component.body)
    workspace.write_records(component, lambda org: _write_muting_set(org, component))
    return component


def _write_muting_set(org: Organization, component: Component) -> str:
    node = component.body
    existing = find_row(org, "MutingPermissionSet", DeveloperName=component.full_name)
    muting = save_row(
        org,
        "MutingPermissionSet",
        existing,
        DeveloperName=component.full_name,
        MasterLabel=node.value("label"),
        Language="en_US",
        **_user_permissions(org, "MutingPermissionSet", node, existing),
    )
    _replace_children(org, muting, node)
    return muting


def remove_muting_permission_set(workspace: Workspace, component: Component) -> None:
    workspace.write_records(
        component, lambda org: _delete_named(org, "MutingPermissionSet", "DeveloperName", component.full_name)
    )


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
        org, "ObjectPermissions", "SobjectType", [_object_row(parent, entry) for entry in node.all("objectPermissions")]
    )
    _merge_rows(org, "FieldPermissions", "Field", [_field_row(parent, entry) for entry in node.all("fieldPermissions")])
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
    """Id and file of a profile as the records stand; None when there is none of that name."""
    name = PROFILE_NAMES.get(full_name, full_name)
    profile = find_row(org, "Profile", Name=name)
    parent = find_row(org, "PermissionSet", ProfileId=profile) if profile else None
    if profile is None or parent is None:
        return None
    rows: list[Node] = [leaf("custom", name not in PROFILE_NAMES.values())]
    rows.extend(_object_entry(org, row) for row in matching_rows(org, "ObjectPermissions", {"ParentId": parent}))
    rows.extend(_field_entry(org, row) for row in matching_rows(org, "FieldPermissions", {"ParentId": parent}))
    rows.extend(_user_permission_entries(org, parent))
    license_name = _license_name(org, profile)
    if license_name is not None:
        rows.append(leaf("userLicense", license_name))
    return profile, Node("Profile", children=tuple(rows))


def _object_entry(org: Organization, row: Row) -> Node:
    table = org.table("ObjectPermissions")
    rights = [leaf(right, table.reader(column)(row) is True) for right, column in OBJECT_RIGHTS.items()]
    return Node("objectPermissions", children=(*rights, leaf("object", str(table.reader("SobjectType")(row)))))


def _field_entry(org: Organization, row: Row) -> Node:
    table = org.table("FieldPermissions")
    editable = leaf("editable", table.reader("PermissionsEdit")(row) is True)
    readable = leaf("readable", table.reader("PermissionsRead")(row) is True)
    return Node("fieldPermissions", children=(editable, leaf("field", str(table.reader("Field")(row))), readable))


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
