"""Record types, validation rules, list views, field sets, compact layouts: what stands inside an object's file beside its fields.

Source: the pages of those types (Metadata API Developer Guide).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import unquote

from orgtwin.metadata.component import Component
from orgtwin.metadata.formula_check import VALIDATION_RULE
from orgtwin.metadata.global_names import find_missing_name
from orgtwin.metadata.problem import ComponentRefused
from orgtwin.metadata.schema_draft import ObjectDraft
from orgtwin.metadata.types.object_fields import RECORD_TYPE_ID
from orgtwin.metadata.types.pages import find_path
from orgtwin.metadata.types.record_writes import find_row, save_row
from orgtwin.metadata.workspace import Workspace
from orgtwin.metadata.xml import Node
from orgtwin.organization import Organization
from orgtwin.schema.model import FieldSet, RecordType, ValidationRule

_RULE_NAME = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9])*")
_RULE_NAME_TEXT = (
    "The validation name can only contain alphanumeric characters, must begin with an alphanumeric character, "
    "and must be unique."
)
_WITH_PROCESS = ("Case", "Lead", "Opportunity", "Solution")
_REPORT_NAME = re.compile(r"[A-Z0-9_]+(\.[A-Z0-9_]+)*")
_MAX_COMPACT_FIELDS = 10
_MAX_MESSAGE = 255


def _object_of(workspace: Workspace, component: Component) -> tuple[ObjectDraft, str]:
    object_name, _, name = component.full_name.partition(".")
    draft = workspace.schema.find(object_name)
    if draft is None:
        raise ComponentRefused(f"Entity Enumeration Or ID: bad value for restricted picklist field: {object_name}")
    return draft, name


def _require(node: Node, names: Iterable[str]) -> None:
    for name in names:
        if node.value(name) is None:
            raise ComponentRefused(f"Required field is missing: {name}")


def deploy_record_type(workspace: Workspace, component: Component, _before: Component | None) -> Component:
    draft, name = _object_of(workspace, component)
    node = component.body
    _require(node, ("active", "label"))
    if draft.api_name in _WITH_PROCESS and node.value("businessProcess") is None:
        raise ComponentRefused("Required field is missing: businessProcess")
    record_type = RecordType(
        name,
        node.value("label") or name,
        node.flag("active"),
        node.value("description"),
        tuple(_picklist_of_record_type(draft, values) for values in node.all("picklistValues")),
    )
    draft.put_record_type(record_type)
    if draft.find_field("RecordTypeId") is None:
        draft.put_field(RECORD_TYPE_ID)
    workspace.schema.edit(draft)
    workspace.write_records(component, lambda org: _save_record_type(org, draft.api_name, record_type))
    return component


def _picklist_of_record_type(draft: ObjectDraft, node: Node) -> tuple[str, tuple[str, ...]]:
    name = node.value("picklist") or ""
    field = draft.find_field(name)
    if field is None:
        raise ComponentRefused(f"In field: picklist - no CustomField named {draft.api_name}.{name} found")
    known = {value.value for value in field.picklist}
    chosen = tuple(unquote(value.value("fullName") or "") for value in node.all("values"))
    for value in chosen:
        if value not in known:
            raise ComponentRefused(f"Picklist value: {value} in picklist: {name} not found")
    return field.api_name, chosen


def _save_record_type(org: Organization, sobject_type: str, record_type: RecordType) -> str:
    existing = find_row(org, "RecordType", SobjectType=sobject_type, DeveloperName=record_type.developer_name)
    return save_row(
        org,
        "RecordType",
        existing,
        SobjectType=sobject_type,
        DeveloperName=record_type.developer_name,
        Name=record_type.label,
        Description=record_type.description,
        IsActive=record_type.active,
    )


def remove_record_type(_workspace: Workspace, _component: Component) -> None:
    raise ComponentRefused("Cannot delete record type through API")


def deploy_validation_rule(workspace: Workspace, component: Component, _before: Component | None) -> Component:
    draft, name = _object_of(workspace, component)
    node = component.body
    if not _RULE_NAME.fullmatch(name):
        raise ComponentRefused(_RULE_NAME_TEXT)
    _require(node, ("active", "errorConditionFormula", "errorMessage"))
    message, shown_at = node.value("errorMessage") or "", node.value("errorDisplayField")
    if len(message) > _MAX_MESSAGE:
        raise ComponentRefused(f"Value too long for field: ValidationMessage maximum length is:{_MAX_MESSAGE}")
    if shown_at is not None and draft.find_field(shown_at) is None:
        raise ComponentRefused(f"In field: errorDisplayField - no CustomField named {draft.api_name}.{shown_at} found")
    formula = node.value("errorConditionFormula") or ""
    rule = ValidationRule(name, formula, message, shown_at, node.flag("active"), component.id)
    draft.put_rule(rule)
    workspace.schema.edit(draft)
    workspace.check_later(component, lambda: _check_rule(workspace, draft, rule))
    return component


def _check_rule(workspace: Workspace, draft: ObjectDraft, rule: ValidationRule) -> None:
    message = workspace.check_formula(workspace.schema.current(), draft.api_name, rule.formula, VALIDATION_RULE)
    message = message or find_missing_name(workspace, rule.formula)
    if message is not None:
        raise ComponentRefused(message)


def remove_validation_rule(workspace: Workspace, component: Component) -> None:
    object_name, _, name = component.full_name.partition(".")
    draft = workspace.schema.find(object_name)
    if draft is not None and draft.rules.pop(name.lower(), None) is not None:
        workspace.schema.edit(draft)


def deploy_field_set(workspace: Workspace, component: Component, _before: Component | None) -> Component:
    draft, name = _object_of(workspace, component)
    _require(component.body, ("label", "description"))
    shown: list[tuple[str, bool]] = []
    for item in component.body.all("displayedFields"):
        path = item.value("field") or ""
        _require_path(workspace, draft, path, path)  # the org names the field twice
        shown.append((path, item.flag("isRequired")))
    label = component.body.value("label") or name
    draft.field_sets[name.lower()] = FieldSet(name, label, component.body.value("description"), tuple(shown))
    workspace.schema.edit(draft)
    return component


def remove_field_set(workspace: Workspace, component: Component) -> None:
    draft, name = _object_of(workspace, component)
    draft.field_sets.pop(name.lower(), None)
    workspace.schema.edit(draft)


def deploy_compact_layout(workspace: Workspace, component: Component, _before: Component | None) -> Component:
    draft, _ = _object_of(workspace, component)
    _require(component.body, ("label",))
    fields = component.body.values("fields")
    if len(fields) > _MAX_COMPACT_FIELDS:
        raise ComponentRefused(
            f"A compact layout can have at most {_MAX_COMPACT_FIELDS} fields, not {len(fields)}"
        )  # ASSUMED
    for name in fields:
        _require_path(workspace, draft, name, "fields")
    return component


def deploy_list_view(workspace: Workspace, component: Component, _before: Component | None) -> Component:
    """Standard columns go by report names (CONTRACT.STATUS), which are taken as they come; custom ones and those of custom metadata
    types by API name."""
    draft, _ = _object_of(workspace, component)
    _require(component.body, ("label", "filterScope"))
    columns = [
        *component.body.values("columns"),
        *(item.value("field") or "" for item in component.body.all("filters")),
    ]
    for column in columns:
        by_api_name = column.endswith("__c") or draft.api_name.endswith("__mdt")
        is_there = draft.find_field(column) is not None if by_api_name else _REPORT_NAME.fullmatch(column)
        if not is_there:
            raise ComponentRefused(f"Could not resolve list view column: {column}")
    return component


def _require_path(workspace: Workspace, draft: ObjectDraft, path: str, element: str) -> None:
    """A field, or a path over lookups to one."""
    if find_path(workspace, draft, path) is None:
        raise ComponentRefused(f"In field: {element} - no CustomField named {draft.api_name}.{path} found")
