"""Report types, reports, dashboards and what else lies in folders: checked for what they name, then stored and returned.

Source: "ReportType", "Report", "Dashboard" (Metadata API Developer Guide). Columns of standard report types go by names of their
own (`ACCOUNT.NAME`), which are taken as they come; custom fields go by `Object.Field__c` or `Object$Field__c`.
ASSUMED: the texts, which follow the one for permission sets; "invalid report type" is published.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from orgtwin.metadata.component import Component
from orgtwin.metadata.problem import ComponentRefused
from orgtwin.metadata.schema_draft import ObjectDraft
from orgtwin.metadata.types.required import check_required
from orgtwin.metadata.workspace import Workspace
from orgtwin.metadata.xml import Node

_CUSTOM_COLUMN = re.compile(r"(?P<path>[A-Za-z]\w*(?:\.\w+__r|\.\w+s)*)[.$](?P<field>\w+__c)")
_NAMES_A_COLUMN = frozenset({"field", "column"})


def deploy_report_type(workspace: Workspace, component: Component, before: Component | None) -> Component:
    base = component.body.value("baseObject") or ""
    if base.endswith("__c") and workspace.schema.find(base) is None:
        raise ComponentRefused(f"In field: baseObject - no CustomObject named {base} found")
    for section in component.body.all("sections"):
        for column in section.all("columns"):
            table, field = column.value("table") or "", column.value("field") or ""
            _require_column(workspace, table, field, column)
    return check_required(workspace, component, before)


def _require_column(workspace: Workspace, table: str, field: str, at: Node) -> None:
    """A custom field of the object that `Contract.Obligations__r` leads to must be there."""
    draft = find_table(workspace, table)
    if draft is None and table.endswith(("__c", "__r")):
        raise ComponentRefused(f"In field: table - no CustomObject named {table} found", at)
    if draft is not None and field.endswith("__c") and draft.find_field(field) is None:
        raise ComponentRefused(f"In field: field - no CustomField named {draft.api_name}.{field} found", at)


def find_table(workspace: Workspace, path: str) -> ObjectDraft | None:
    """The object at the end of a path over child relationships, or None."""
    name, *relationships = path.split(".")
    here = workspace.schema.find(name)
    for relationship in relationships:
        if here is None:
            return None
        wanted = relationship.removesuffix("__r").lower()
        children = workspace.schema.current().children_of(here.api_name)
        names = ((child, (child.relationship_name or "").removesuffix("__r").lower()) for child in children)
        child = next((child for child, known in names if known == wanted), None)
        here = workspace.schema.find(child.child_type) if child is not None else None
    return here


def deploy_report(workspace: Workspace, component: Component, before: Component | None) -> Component:
    report_type = component.body.value("reportType") or ""
    if report_type.endswith("__c") and workspace.find("ReportType", report_type.removesuffix("__c")) is None:
        raise ComponentRefused("invalid report type")
    for node in _columns(component.body):
        found = _CUSTOM_COLUMN.fullmatch(node.text)
        draft = find_table(workspace, found["path"]) if found is not None else None
        if found is not None and draft is not None and draft.find_field(found["field"]) is None:
            name = f"{draft.api_name}.{found['field']}"
            raise ComponentRefused(f"In field: {node.tag} - no CustomField named {name} found", node)
    return deploy_in_folder(workspace, component, before)


def _columns(node: Node) -> Iterator[Node]:
    for child in node.children:
        if child.tag in _NAMES_A_COLUMN:
            yield child
        yield from _columns(child)


def deploy_dashboard(workspace: Workspace, component: Component, before: Component | None) -> Component:
    for node in _reports_of(component.body):
        if workspace.find("Report", node.text) is None:
            raise ComponentRefused(f"In field: report - no Report named {node.text} found", node)
    return deploy_in_folder(workspace, component, before)


def _reports_of(node: Node) -> Iterator[Node]:
    for child in node.children:
        if child.tag == "report" and child.text:
            yield child
        yield from _reports_of(child)


def deploy_in_folder(workspace: Workspace, component: Component, before: Component | None) -> Component:
    """A report, dashboard, document or e-mail template lies in a folder that stands."""
    folder, _, _ = component.full_name.rpartition("/")
    folder_type = {"EmailTemplate": "EmailFolder"}.get(component.type, f"{component.type}Folder")
    built_in = folder in ("unfiled$public", "")
    if not built_in and workspace.find(folder_type, folder) is None:
        raise ComponentRefused(f"Cannot find folder:{folder}")
    return check_required(workspace, component, before)
