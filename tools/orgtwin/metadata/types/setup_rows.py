"""Components that queries find as records: list views, reports, e-mail templates, their folders, cache partitions.

Source: "ListView", "Report", "Folder", "EmailTemplate", "PlatformCachePartition" (Object Reference) for the fields; the types of
those names (Metadata API Developer Guide) for what their files say. ASSUMED: every list view can be turned into SOQL, nothing in a
folder has been used or run yet.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from orgtwin.metadata.component import Component
from orgtwin.metadata.types.record_writes import delete_rows, find_row, find_rows, save_row
from orgtwin.metadata.workspace import Workspace
from orgtwin.organization import Organization

Deploy = Callable[[Workspace, Component, Component | None], Component]
Values = dict[str, object]
_CONTENT = {"text": "Body", "visualforce": "Markup"}
"""Where a template keeps its file, by its type; all others keep HTML."""


@dataclass(frozen=True, slots=True)
class Listed:
    """The object whose rows they are, the fields that tell one from the others, and all others."""

    sobject_type: str
    key: Callable[[Component], Values]
    values: Callable[[Organization, Component], Values]


def with_row(deploy: Deploy) -> Deploy:
    """Deploy a component and keep its row."""

    def run(workspace: Workspace, component: Component, before: Component | None) -> Component:
        checked = deploy(workspace, component, before)
        listed = LISTED[component.type]
        workspace.write_records(checked, lambda org: _write(org, listed, checked))
        return checked

    return run


def remove_row(workspace: Workspace, component: Component) -> None:
    listed = LISTED[component.type]

    def remove(org: Organization) -> None:
        delete_rows(org, find_rows(org, listed.sobject_type, **_plain(listed.key(component))))

    workspace.write_records(component, remove)


def _write(org: Organization, listed: Listed, component: Component) -> str:
    key = listed.key(component)
    found = find_row(org, listed.sobject_type, **_plain(key))
    return save_row(org, listed.sobject_type, found, **key, **listed.values(org, component))


def _plain(key: Values) -> dict[str, str]:
    return {name: str(value) for name, value in key.items()}


def _last(component: Component) -> str:
    return component.full_name.rpartition("/")[2]


def _list_view_key(component: Component) -> Values:
    object_name, _, name = component.full_name.partition(".")
    return {"SobjectType": object_name, "DeveloperName": name}


def _list_view(_org: Organization, component: Component) -> Values:
    return {"Name": component.body.value("label") or "", "IsSoqlCompatible": True}


def _folder_of(kind: str) -> Listed:
    def key(component: Component) -> Values:
        return {"DeveloperName": _last(component), "Type": kind}

    def values(_org: Organization, component: Component) -> Values:
        body = component.body
        return {
            "Name": body.value("name") or _last(component),
            "AccessType": body.value("accessType") or "Shared",
            "IsReadonly": body.value("publicFolderAccess") == "ReadOnly",
        }

    return Listed("Folder", key, values)


def _folder_row(org: Organization, component: Component, kind: str) -> tuple[str, str] | None:
    """The id and the name of the folder that a component lies in, unless that is one of the org's own."""
    name = component.full_name.rpartition("/")[0].rpartition("/")[2]
    folder_id = find_row(org, "Folder", DeveloperName=name, Type=kind)
    if folder_id is None:
        return None
    table = org.table("Folder")
    row = table.get(folder_id)
    return (folder_id, str(table.reader("Name")(row))) if row is not None else None


def _report(org: Organization, component: Component) -> Values:
    folder = _folder_row(org, component, "Report")
    body = component.body
    return {
        "Name": body.value("name") or _last(component),
        "Description": body.value("description"),
        "Format": body.value("format") or "Tabular",
        "FolderName": folder[1] if folder else "Public Reports",
        "OwnerId": folder[0] if folder else _organization_id(org),
    }


def _organization_id(org: Organization) -> str:
    """What the org's own public folders go by."""
    return next(str(row[0]) for row in org.table("Organization").rows())


def _template(org: Organization, component: Component) -> Values:
    folder = _folder_row(org, component, "Email")
    body = component.body
    content = (component.content or b"").decode("utf-8", errors="replace")
    kind = body.value("type") or "text"
    return {
        "Name": body.value("name") or _last(component),
        "Subject": body.value("subject"),
        "Description": body.value("description"),
        "FolderId": folder[0] if folder else _organization_id(org),
        "FolderName": folder[1] if folder else "Unfiled Public Classic Email Templates",
        "IsActive": body.flag("available"),
        "Encoding": body.value("encodingKey") or "UTF-8",
        "TemplateStyle": body.value("style") or "none",
        "TemplateType": kind,
        "UiType": body.value("uiType"),
        "RelatedEntityType": body.value("relatedEntityType"),
        "IsBuilderContent": False,
        "Body": body.value("textOnly"),
        _CONTENT.get(kind, "HtmlValue"): content,
    }


def _by_name(component: Component) -> Values:
    return {"DeveloperName": _last(component)}


def _partition(_org: Organization, component: Component) -> Values:
    body = component.body
    return {
        "MasterLabel": body.value("masterLabel") or component.full_name,
        "Description": body.value("description"),
        "IsDefaultPartition": body.flag("isDefaultPartition"),
        "Language": "en_US",
    }


def _approval_key(component: Component) -> Values:
    object_name, _, name = component.full_name.partition(".")
    return {"DeveloperName": name, "TableEnumOrId": object_name, "Type": "Approval"}


def _approval(_org: Organization, component: Component) -> Values:
    body = component.body
    return {
        "Name": body.value("label") or "",
        "Description": body.value("description"),
        "LockType": "Admin" if body.value("recordEditability") == "AdminOnly" else "Owner",
        "State": "Active" if body.flag("active") else "Inactive",
    }


def _duplicate_rule_key(component: Component) -> Values:
    object_name, _, name = component.full_name.partition(".")
    return {"SobjectType": object_name, "DeveloperName": name}


def _duplicate_rule(_org: Organization, component: Component) -> Values:
    body = component.body
    label = body.value("masterLabel") or ""
    return {"MasterLabel": label, "IsActive": body.flag("isActive"), "Language": "en_US", "SobjectSubtype": "None"}


LISTED: Mapping[str, Listed] = {
    "DuplicateRule": Listed("DuplicateRule", _duplicate_rule_key, _duplicate_rule),
    "ApprovalProcess": Listed("ProcessDefinition", _approval_key, _approval),
    "ListView": Listed("ListView", _list_view_key, _list_view),
    "ReportFolder": _folder_of("Report"),
    "DashboardFolder": _folder_of("Dashboard"),
    "EmailFolder": _folder_of("Email"),
    "Report": Listed("Report", _by_name, _report),
    "EmailTemplate": Listed("EmailTemplate", _by_name, _template),
    "PlatformCachePartition": Listed("PlatformCachePartition", _by_name, _partition),
}
