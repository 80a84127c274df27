"""CustomMetadata records: a file becomes a row of its __mdt object.

Source: "CustomMetadata" (Metadata API Developer Guide).
"""

from __future__ import annotations

from collections.abc import Iterable

from orgtwin.metadata.component import Component
from orgtwin.metadata.problem import ComponentRefused
from orgtwin.metadata.types.record_writes import delete_rows, find_row, find_rows, save_row
from orgtwin.metadata.workspace import Workspace
from orgtwin.metadata.xml import Node
from orgtwin.organization import Organization
from orgtwin.schema.model import Field, FieldType

_MAX_NAME = 40
_PLAIN = {FieldType.BOOLEAN: bool, FieldType.DOUBLE: float, FieldType.PERCENT: float, FieldType.CURRENCY: float}


def deploy_custom_metadata(workspace: Workspace, component: Component, _before: Component | None) -> Component:
    type_name, record_name = split_name(component.full_name)
    draft = workspace.schema.find(type_name)
    if draft is None:
        raise ComponentRefused(f"In field: customMetadata - no CustomMetadata named {type_name} found")
    label = component.body.value("label")
    if label is None:
        raise ComponentRefused("Required field is missing: label")
    for what, text in (("MasterLabel", label), ("DeveloperName", record_name)):
        if len(text) > _MAX_NAME:
            raise ComponentRefused(f"{what}: data value too large: {text} (max length={_MAX_NAME})")
    values: dict[str, object] = {}
    for entry in component.body.all("values"):
        field = draft.find_field(entry.value("field") or "")
        if field is None or not field.custom:
            raise ComponentRefused(f"In field: field - no CustomField named {type_name}.{entry.value('field')} found")
        values[field.api_name] = _read_value(field, entry.find("value"))
    missing = [
        field.api_name for field in draft.fields.values() if field.required and values.get(field.api_name) is None
    ]
    if missing:
        raise ComponentRefused(f"Required fields are missing: [{', '.join(missing)}]")
    _name_definitions(workspace, type_name, draft.fields.values(), values)
    links = {name: values.pop(name) for name in list(values) if _is_link(draft.find_field(name))}
    if any(field.required for field in draft.fields.values() if field.api_name in links):
        workspace.link_records(
            component,
            lambda org: _write(org, type_name, record_name, label, {**values, **_linked(org, type_name, links)}),
            _turn(workspace, type_name),
        )
        return component
    workspace.write_records(component, lambda org: _write(org, type_name, record_name, label, values))
    if links:
        workspace.link_records(component, lambda org: _link(org, type_name, record_name, links))
    return component


def _turn(workspace: Workspace, type_name: str, seen: frozenset[str] = frozenset()) -> int:
    """Records that must name others come after them: the length of the longest chain of such types."""
    draft = workspace.schema.find(type_name)
    if draft is None or type_name in seen:
        return 0
    needed = (name for field in draft.fields.values() if field.required for name in field.reference_to)
    return 1 + max((_turn(workspace, name, seen | {type_name}) for name in needed), default=0)


def _is_link(field: Field | None) -> bool:
    """Does the field hold the id of another record; the file gives that record's name."""
    return field is not None and field.type is FieldType.REFERENCE


def _name_definitions(workspace: Workspace, type_name: str, fields: Iterable[Field], values: dict[str, object]) -> None:
    """A field's definition is known by its object too, which the controlling field names; as it is written there."""
    for field in fields:
        value = values.get(field.api_name)
        component = workspace.find("CustomField", f"{type_name}.{field.api_name}")
        if field.reference_to != ("FieldDefinition",) or value is None or component is None:
            continue
        controlling = (component.body.value("metadataRelationshipControllingField") or "").rpartition(".")[2]
        if values.get(controlling):
            owner = workspace.schema.find(str(values[controlling]))
            named = owner.find_field(str(value)) if owner is not None else None
            values[field.api_name] = f"{values[controlling]}.{value if named is None else named.api_name}"


def _link(org: Organization, type_name: str, record_name: str, links: dict[str, object]) -> str:
    row = find_row(org, type_name, DeveloperName=record_name)
    return save_row(org, type_name, row, **_linked(org, type_name, links))


def _linked(org: Organization, type_name: str, links: dict[str, object]) -> dict[str, object]:
    """The ids of the records that the file names."""
    sobject_type = org.schema.find_type(type_name)
    found: dict[str, object] = {}
    for name, value in links.items():
        field = sobject_type.find_field(name) if sobject_type is not None else None
        target = field.reference_to[0] if field is not None else type_name
        found[name] = None if value is None else find_row(org, target, DeveloperName=str(value).rpartition(".")[2])
        if value is not None and found[name] is None:
            raise ComponentRefused(f"In field: {name} - no {target} named {value} found")  # ASSUMED text
    return found


def split_name(full_name: str) -> tuple[str, str]:
    """`CLM_Field_Map.Total` and `CLM_Field_Map__mdt.Total` both name the row Total of CLM_Field_Map__mdt."""
    type_name, _, record_name = full_name.partition(".")
    return (type_name if type_name.endswith("__mdt") else f"{type_name}__mdt"), record_name


def _read_value(field: Field, node: Node | None) -> object:
    if node is None or node.is_nil or node.text == "":
        return None
    kind = _PLAIN.get(field.type)
    if kind is bool:
        return node.text in ("true", "1")
    known = {value.value for value in field.picklist if value.active}
    if field.type is FieldType.PICKLIST and field.restricted_picklist and node.text not in known:
        raise ComponentRefused(f"{field.label}: bad value for restricted picklist field: {node.text}")
    return float(node.text) if kind is float else node.text


def _write(org: Organization, type_name: str, record_name: str, label: str, values: dict[str, object]) -> str:
    existing = find_row(org, type_name, DeveloperName=record_name)
    sobject_type = org.schema.find_type(type_name)
    cleared: dict[str, object] = {
        field.api_name: None
        for field in (sobject_type.fields if sobject_type else ())
        if field.custom and field.type is not FieldType.BOOLEAN
    }
    row: dict[str, object] = {**cleared, **values} if existing else {k: v for k, v in values.items() if v is not None}
    row.update(
        DeveloperName=record_name, MasterLabel=label, Label=label, Language="en_US", QualifiedApiName=record_name
    )
    return save_row(org, type_name, existing, **row)


def remove_custom_metadata(workspace: Workspace, component: Component) -> None:
    type_name, record_name = split_name(component.full_name)
    if workspace.schema.find(type_name) is not None:
        workspace.write_records(
            component, lambda org: delete_rows(org, find_rows(org, type_name, DeveloperName=record_name))
        )
