"""PermissionSet, PermissionSetGroup, MutingPermissionSet, Profile, CustomPermission: files become the setup
records that access reads.

From API 40 on the file of a permission set replaces the whole set.
Source: "PermissionSet" (Metadata API Developer Guide); "ObjectPermissions", "FieldPermissions" (Object Reference).
"""

from __future__ import annotations

from collections.abc import Iterable

from orgtwin.metadata.component import Component
from orgtwin.metadata.global_names import uses_of
from orgtwin.metadata.problem import ComponentRefused
from orgtwin.metadata.types.permission_checks import OBJECT_RIGHTS, check_dependencies, check_permissions
from orgtwin.metadata.types.record_writes import delete_rows, find_row, find_rows, insert_rows, save_row
from orgtwin.metadata.workspace import Workspace
from orgtwin.metadata.xml import Node
from orgtwin.organization import Organization

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
        [object_row(org, parent, entry) for entry in node.all("objectPermissions") if _grants_object(entry)],
    )
    insert_rows(
        org,
        "FieldPermissions",
        [field_row(org, parent, entry) for entry in node.all("fieldPermissions") if entry.flag("readable")],
    )
    insert_rows(org, "SetupEntityAccess", list(_setup_rows(org, parent, node)))


def _grants_object(entry: Node) -> bool:
    return any(entry.flag(right) for right in OBJECT_RIGHTS)


def object_row(org: Organization, parent: str, entry: Node) -> dict[str, object]:
    """The ObjectPermissions row of an entry, the name as the schema spells it."""
    rights = {column: entry.flag(right) for right, column in OBJECT_RIGHTS.items()}
    sobject_type = org.schema.find_type(entry.value("object") or "")
    return {
        "ParentId": parent,
        "SobjectType": sobject_type.api_name if sobject_type else entry.value("object"),
        **rights,
    }


def field_row(org: Organization, parent: str, entry: Node) -> dict[str, object]:
    """The FieldPermissions row of an entry, names as the schema spells them."""
    object_name, _, field_name = (entry.value("field") or "").partition(".")
    sobject_type = org.schema.find_type(object_name)
    field = sobject_type.find_field(field_name) if sobject_type else None
    object_name = sobject_type.api_name if sobject_type else object_name
    return {
        "ParentId": parent,
        "SobjectType": object_name,
        "Field": f"{object_name}.{field.api_name if field else field_name}",
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
    uses = uses_of(workspace, "$Permission", component.full_name)
    if uses:
        raise ComponentRefused(
            f"This custom permission is referenced elsewhere in salesforce.com. : {', '.join(uses)}"
        )  # ASSUMED text
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
