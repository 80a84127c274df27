"""Layouts, tabs, Lightning pages and apps: checked for what they name, then stored and returned.

Source: "Layout", "CustomTab", "FlexiPage", "CustomApplication" (Metadata API Developer Guide); texts from published deploy logs.
Standard fields are taken as they come, since a page may show some that no API tells of.
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

_RECORD_FIELD = re.compile(r"\{?!?Record\.((?:\w+__r\.)*\w+__c)\}?")


def deploy_layout(workspace: Workspace, component: Component, before: Component | None) -> Component:
    object_name = component.full_name.partition("-")[0]
    draft = workspace.schema.find(object_name)
    if draft is None:
        raise ComponentRefused(f"In field: layout - no CustomObject named {object_name} found")
    shown = _layout_fields(component)
    for field in shown:
        if field.endswith("__c") and draft.find_field(field) is None:
            raise ComponentRefused(f"In field: field - no CustomField named {draft.api_name}.{field} found")
    for required in draft.fields.values():
        if required.required and required.custom and required.api_name not in shown:
            raise ComponentRefused(f"Layout must contain an item for required layout field: {required.api_name}")
    for related in component.body.all("relatedLists"):
        _check_related_list(workspace, related)
    return check_required(workspace, component, before)


def _layout_fields(component: Component) -> set[str]:
    columns = (column for section in component.body.all("layoutSections") for column in section.all("layoutColumns"))
    return {item.value("field") or "" for column in columns for item in column.all("layoutItems")} - {""}


def _check_related_list(workspace: Workspace, related: Node) -> None:
    """`Child__c.Lookup__c`, and the fields of the child that it shows. Lists with names of their own are taken as they come."""
    name = related.value("relatedList") or ""
    child_name, _, lookup = name.partition(".")
    child = workspace.schema.find(child_name)
    if not lookup.endswith("__c"):
        return
    if child is None or child.find_field(lookup) is None:
        raise ComponentRefused(f"Cannot find related list:{name}")  # ASSUMED text
    for field in related.values("fields"):
        if field.endswith("__c") and child.find_field(field) is None:
            raise ComponentRefused(f"Invalid field:{field} in related list:{name}")


def deploy_tab(workspace: Workspace, component: Component, before: Component | None) -> Component:
    is_object_tab = component.full_name.endswith(("__c", "__x", "__e"))
    if is_object_tab and workspace.schema.find(component.full_name) is None:
        raise ComponentRefused(f"In field: fullName - no CustomObject named {component.full_name} found")
    return check_required(workspace, component, before)


def deploy_application(workspace: Workspace, component: Component, before: Component | None) -> Component:
    for tab in component.body.values("tabs"):
        if not tab.startswith("standard-") and workspace.find("CustomTab", tab) is None:
            raise ComponentRefused(f"In field: tab - no CustomTab named {tab} found")
    return check_required(workspace, component, before)


def deploy_flexi_page(workspace: Workspace, component: Component, before: Component | None) -> Component:
    sobject_type = component.body.value("sobjectType")
    if sobject_type is not None:
        draft = workspace.schema.find(sobject_type)
        if draft is None and sobject_type.endswith("__c"):
            raise ComponentRefused(f"In field: sobjectType - no CustomObject named {sobject_type} found")
        for path, node in _record_fields(component.body):
            if draft is not None and find_path(workspace, draft, path) is None:
                raise ComponentRefused(
                    f"Something went wrong. We couldn't retrieve or load the information on the field: Record.{path}.",
                    node,
                )
    return check_required(workspace, component, before)


def _record_fields(node: Node) -> Iterator[tuple[str, Node]]:
    """Custom fields that a page shows or asks for: `Record.Field__c` of a field instance, `{!Record.Field__c}` of a rule."""
    for child in node.children:
        found = _RECORD_FIELD.fullmatch(child.text.strip()) if child.tag in ("fieldItem", "leftValue") else None
        if found is not None:
            yield found[1], child
        yield from _record_fields(child)


def find_path(workspace: Workspace, draft: ObjectDraft, path: str) -> ObjectDraft | None:
    """The object whose field a path over lookups ends at; None when it leads nowhere."""
    *steps, last = path.split(".")
    here: ObjectDraft | None = draft
    for step in steps:
        fields = here.fields.values() if here is not None else ()
        lookup = next((f for f in fields if (f.relationship_name or "").lower() == step.lower()), None)
        here = workspace.schema.find(lookup.reference_to[0]) if lookup is not None and lookup.reference_to else None
    return here if here is not None and here.find_field(last) is not None else None
