"""Role, Group, Queue: files become the roles and groups with which records are shared, and which own them.

Sources: "Role", "Group", "Queue" (Metadata API Developer Guide); "UserRole", "Group", "GroupMember", "QueueSobject" (Object
Reference).
"""

from __future__ import annotations

from collections.abc import Iterator

from orgtwin.access.principals import QUEUE, REGULAR, ROLE, ROLE_AND_SUBORDINATES, find_role_group
from orgtwin.metadata.component import Component
from orgtwin.metadata.problem import ComponentRefused
from orgtwin.metadata.types.record_writes import delete_rows, find_row, find_rows, insert_rows, save_row
from orgtwin.metadata.workspace import Workspace
from orgtwin.metadata.xml import Node
from orgtwin.organization import Organization

_ACCESS = {
    "caseAccessLevel": "CaseAccessForAccountOwner",
    "contactAccessLevel": "ContactAccessForAccountOwner",
    "opportunityAccessLevel": "OpportunityAccessForAccountOwner",
}
_MEMBERS = {
    "users": ("user", "User", "Username"),
    "publicGroups": ("publicGroup", "Group", "DeveloperName"),
    "roles": ("role", ROLE, ""),
    "roleAndSubordinates": ("roleAndSubordinate", ROLE_AND_SUBORDINATES, ""),
    "roleAndSubordinatesInternal": ("roleAndSubordinateInternal", ROLE_AND_SUBORDINATES, ""),
}
"""Elements of queueMembers: the element of one member, what it is, and by which field it is named."""


# ---- roles


def deploy_role(workspace: Workspace, component: Component, _before: Component | None) -> Component:
    if component.body.value("name") is None:
        raise ComponentRefused("Required field is missing: name")
    parent = component.body.value("parentRole")
    if parent is not None:
        workspace.check_later(component, lambda: _check_parent(workspace, parent))
    workspace.write_records(component, lambda org: _write_role(workspace, org, component))
    return component


def _check_parent(workspace: Workspace, parent: str) -> None:
    if workspace.find("Role", parent) is None and find_row(workspace.org, "UserRole", DeveloperName=parent) is None:
        raise ComponentRefused(f"In field: parentRole - no Role named {parent} found")


def _write_role(workspace: Workspace, org: Organization, component: Component) -> str:
    """The parent first: it may stand further down in the same deploy."""
    node = component.body
    parent = node.value("parentRole")
    parent_id = find_row(org, "UserRole", DeveloperName=parent) if parent is not None else None
    if parent is not None and parent_id is None:
        above = workspace.find("Role", parent)
        parent_id = _write_role(workspace, org, above) if above is not None else None
    levels = {field: node.value(element) for element, field in _ACCESS.items() if node.value(element) is not None}
    return save_row(
        org,
        "UserRole",
        find_row(org, "UserRole", DeveloperName=component.full_name),
        DeveloperName=component.full_name,
        Name=node.value("name"),
        RollupDescription=node.value("description"),
        ParentRoleId=parent_id,
        **levels,
    )


def remove_role(workspace: Workspace, component: Component) -> None:
    role_id = find_row(workspace.org, "UserRole", DeveloperName=component.full_name)
    if role_id is not None and find_rows(workspace.org, "User", UserRoleId=role_id):
        raise ComponentRefused(f"Role {component.full_name} has users")  # ASSUMED text
    workspace.write_records(component, lambda org: _delete(org, "UserRole", component.full_name))


def _delete(org: Organization, sobject_type: str, name: str, **values: str) -> None:
    delete_rows(org, find_rows(org, sobject_type, DeveloperName=name, **values))


# ---- groups and queues


def deploy_group(workspace: Workspace, component: Component, _before: Component | None) -> Component:
    """A public group; its members are records, not part of the file."""
    if component.body.value("name") is None:
        raise ComponentRefused("Required field is missing: name")
    workspace.write_records(component, lambda org: _write_group(org, component, REGULAR))
    return component


def _write_group(org: Organization, component: Component, kind: str) -> str:
    node = component.body
    existing = find_row(org, "Group", DeveloperName=component.full_name, Type=kind)
    more: dict[str, object] = {"Type": kind} if existing is None else {}
    return save_row(
        org,
        "Group",
        existing,
        DeveloperName=component.full_name,
        Name=node.value("name"),
        Email=node.value("email"),
        DoesIncludeBosses=node.flag("doesIncludeBosses"),
        DoesSendEmailToMembers=node.flag("doesSendEmailToMembers"),
        **more,
    )


def remove_group(workspace: Workspace, component: Component) -> None:
    workspace.write_records(component, lambda org: _delete(org, "Group", component.full_name, Type=REGULAR))


def deploy_queue(workspace: Workspace, component: Component, _before: Component | None) -> Component:
    """The file says which objects a queue serves and who is in it."""
    if component.body.value("name") is None:
        raise ComponentRefused("Required field is missing: name")
    for item in component.body.all("queueSobject"):
        name = item.value("sobjectType") or ""
        if workspace.schema.find(name) is None:
            raise ComponentRefused(f"In field: sobjectType - no CustomObject named {name} found")
    workspace.write_records(component, lambda org: _write_queue(org, component))
    return component


def _write_queue(org: Organization, component: Component) -> str:
    queue = _write_group(org, component, QUEUE)
    delete_rows(org, [*find_rows(org, "QueueSobject", QueueId=queue), *find_rows(org, "GroupMember", GroupId=queue)])
    served = [item.value("sobjectType") for item in component.body.all("queueSobject")]
    insert_rows(org, "QueueSobject", [{"QueueId": queue, "SobjectType": name} for name in served])
    members = component.body.find("queueMembers")
    found = list(_member_ids(org, members)) if members is not None else []
    insert_rows(org, "GroupMember", [{"GroupId": queue, "UserOrGroupId": member} for member in found])
    return queue


def _member_ids(org: Organization, members: Node) -> Iterator[str]:
    for list_tag, (tag, kind, field) in _MEMBERS.items():
        for listed in members.all(list_tag):
            for name in listed.values(tag):
                found = find_row(org, kind, **{field: name}) if field else _role_group(org, name, kind)
                if found is None:
                    raise ComponentRefused(f"In field: {tag} - no {tag} named {name} found")
                yield found


def _role_group(org: Organization, name: str, kind: str) -> str | None:
    role_id = find_row(org, "UserRole", DeveloperName=name)
    return None if role_id is None else find_role_group(org, role_id, kind)


def remove_queue(workspace: Workspace, component: Component) -> None:
    workspace.write_records(component, lambda org: _delete(org, "Group", component.full_name, Type=QUEUE))
