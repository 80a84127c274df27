"""CustomField: a file becomes a field of the schema.

Sources: "CustomField" (Metadata API Developer Guide), "Notes on Changing Custom Field Types" (Salesforce Help), describe results.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec import structs

from orgtwin.metadata.component import Component
from orgtwin.metadata.global_names import find_missing_name
from orgtwin.metadata.packages import local_name
from orgtwin.metadata.problem import ComponentRefused
from orgtwin.metadata.schema_draft import ObjectDraft
from orgtwin.metadata.types.field_changes import check_change
from orgtwin.metadata.types.field_references import (
    check_removal,
    external_lookup_properties,
    hierarchy_properties,
    lookup_properties,
    master_detail_properties,
    metadata_relationship_properties,
    summary_properties,
)
from orgtwin.metadata.types.field_shapes import Shape, check_shape
from orgtwin.metadata.types.value_sets import read_dependencies, read_field_values
from orgtwin.metadata.workspace import Workspace
from orgtwin.metadata.xml import Node
from orgtwin.schema.model import Field, FieldType

NAME = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9])*")
_SUFFIX = "__c"
_MAX_NAME = 40
_NAME_RULE = (
    "The Field Name can only contain underscores and alphanumeric characters. It must be unique, begin with a letter, not include "
    "spaces, not end with an underscore, and not contain two consecutive underscores."
)
_TEXT_FORMULA_LENGTH = 1300
_STANDARD_FIELD_TAGS = frozenset(
    (
        "fullName",
        "trackHistory",
        "trackFeedHistory",
        "trackTrending",
        "type",
        "label",
        "description",
        "inlineHelpText",
        "required",
        "businessOwnerGroup",
        "businessOwnerUser",
        "businessStatus",
        "securityClassification",
        "complianceGroup",
        "lookupFilter",
        "valueSet",
        "deleteConstraint",
        "externalId",
        "unique",
        "length",
    )
)
"""What a file of a standard field may hold; all but the tracking flags, help and description changes nothing."""

Properties = dict[str, object]


def deploy_field(workspace: Workspace, component: Component, _before: Component | None) -> Component:
    """Add or change one field of an object that stands already."""
    object_name, _, field_name = component.full_name.partition(".")
    draft = workspace.schema.find(object_name)
    if draft is None:
        raise ComponentRefused(f"Entity Enumeration Or ID: bad value for restricted picklist field: {object_name}")
    if not field_name.endswith(_SUFFIX):
        _deploy_standard_field(workspace, draft, field_name, component.body)
        return component
    _check_name(workspace, field_name)
    before = draft.find_field(field_name)
    field = read_field(workspace, draft, field_name, component.body, before)
    if before is not None:
        check_change(workspace, draft, before, field)
    workspace.schema.put_field(draft, field)
    for part in _location_parts(field, component.body):
        workspace.schema.put_field(draft, part)
    if field.formula is not None:
        workspace.check_later(component, lambda: _check_formula(workspace, object_name, field))
    return component


def read_field(workspace: Workspace, draft: ObjectDraft, name: str, node: Node, before: Field | None) -> Field:
    """The field that a file describes. Raises ComponentRefused."""
    type_name = node.value("type")
    if type_name is None:
        raise ComponentRefused("Required field is missing: type")
    if node.value("label") is None:
        raise ComponentRefused("Must specify a non-empty label for the CustomField")
    shape = check_shape(type_name, node)
    properties = _shared_properties(node, shape)
    if node.find("formula") is not None:
        properties.update(_formula_properties(node, shape))
    properties.update(_BY_TYPE.get(type_name, _no_more)(workspace, draft, name, node, before))
    if draft.shell.event or draft.api_name.endswith("__mdt") or draft.shell.custom_setting:
        properties["permissionable"] = False
    return Field(api_name=before.api_name if before else name, **properties)  # type: ignore[arg-type]  # names are Field's own


def _shared_properties(node: Node, shape: Shape) -> Properties:
    required = node.flag("required")
    default = node.value("defaultValue")
    return {
        "label": node.value("label"),
        "type": shape.describe,
        "length": node.number("length") or shape.length,
        "precision": node.number("precision") or 0,
        "scale": node.number("scale") or 0,
        "custom": True,
        "required": required,
        "nillable": not required and shape.describe is not FieldType.BOOLEAN,
        "permissionable": not required,
        "unique": node.flag("unique"),
        "case_sensitive": node.flag("caseSensitive"),
        "external_id": node.flag("externalId"),
        "id_lookup": node.flag("externalId") or node.flag("unique"),
        "default_formula": default,
        "defaulted_on_create": default is not None,
        "help_text": node.value("inlineHelpText"),
        "description": node.value("description"),
        "track_history": node.flag("trackHistory"),
        "html": node.value("type") == "Html",
    }


def _formula_properties(node: Node, shape: Shape) -> Properties:
    number = shape.describe in (FieldType.DOUBLE, FieldType.CURRENCY, FieldType.PERCENT)
    return {
        "calculated": True,
        "formula": node.value("formula") or "",
        "formula_blank_as_zero": node.value("formulaTreatBlanksAs") != "BlankAsBlank",
        "length": _TEXT_FORMULA_LENGTH if shape.describe is FieldType.STRING else 0,
        "precision": 18 if number else 0,
        "createable": False,
        "updateable": False,
        "nillable": shape.describe is not FieldType.BOOLEAN,
    }


def _no_more(*_context: object) -> Properties:
    return {}


def _auto_number(_w: Workspace, _d: ObjectDraft, _n: str, node: Node, _before: Field | None) -> Properties:
    format_ = node.value("displayFormat") or ""
    if not re.search(r"\{0+\}", format_):
        raise ComponentRefused(f"Display format {format_!r} must contain a counter such as {{0}}")  # ASSUMED text
    return {
        "auto_number": True,
        "display_format": format_,
        "createable": False,
        "updateable": False,
        "defaulted_on_create": True,
    }


def _picklist(workspace: Workspace, _d: ObjectDraft, _n: str, node: Node, before: Field | None) -> Properties:
    values, restricted, value_set = read_field_values(workspace, node, before)
    controller, dependencies = read_dependencies(node)
    return {
        "controller": controller,
        "dependencies": dependencies,
        "picklist": values,
        "restricted_picklist": restricted,
        "value_set": value_set,
        "defaulted_on_create": any(value.default for value in values) or node.value("defaultValue") is not None,
    }


_BY_TYPE: dict[str, Callable[[Workspace, ObjectDraft, str, Node, Field | None], Properties]] = {
    "AutoNumber": _auto_number,
    "Picklist": _picklist,
    "MultiselectPicklist": _picklist,
    "Lookup": lookup_properties,
    "ExternalLookup": external_lookup_properties,
    "Hierarchy": hierarchy_properties,
    "MasterDetail": master_detail_properties,
    "MetadataRelationship": metadata_relationship_properties,
    "Summary": summary_properties,
}


def _location_parts(field: Field, node: Node) -> tuple[Field, ...]:
    """A geolocation field stands for two numbers, `X__Latitude__s` and `X__Longitude__s`."""
    if field.type is not FieldType.LOCATION:
        return ()
    stem = field.api_name.removesuffix(_SUFFIX)
    return tuple(
        structs.replace(
            field,
            api_name=f"{stem}__{part}__s",
            label=f"{field.label} ({part})",
            type=FieldType.DOUBLE,
            precision=18,
            scale=node.number("scale") or 0,
            compound=field.api_name,
        )
        for part in ("Latitude", "Longitude")
    )


def _deploy_standard_field(workspace: Workspace, draft: ObjectDraft, name: str, node: Node) -> None:
    """Of a standard field only the tracking flags, help and classification can be set; its label and type stay."""
    before = draft.find_field(name) or draft.find_field(f"{name}Id")
    if before is None or before.custom:
        raise ComponentRefused("Could not resolve standard field's name.")
    refused = next((child.tag for child in node.children if child.tag not in _STANDARD_FIELD_TAGS), None)
    if refused is not None:
        raise ComponentRefused(f"Can not specify '{refused}' for a standard field")  # ASSUMED text
    after = structs.replace(
        before,
        track_history=node.flag("trackHistory", before.track_history),
        help_text=node.value("inlineHelpText") or before.help_text,
        description=node.value("description") or before.description,
    )
    if after != before:
        workspace.schema.put_field(draft, after)


def _check_name(workspace: Workspace, field_name: str) -> None:
    stem = local_name(workspace.org.settings, field_name.removesuffix(_SUFFIX))
    if not NAME.fullmatch(stem) or len(stem) > _MAX_NAME:
        raise ComponentRefused(_NAME_RULE)


def _check_formula(workspace: Workspace, object_name: str, field: Field) -> None:
    message = workspace.check_formula(workspace.schema.current(), object_name, field.formula or "", field.type.value)
    message = message or find_missing_name(workspace, field.formula or "")
    if message is not None:
        raise ComponentRefused(message)


def remove_field(workspace: Workspace, component: Component) -> None:
    """The field and its values go; a formula, roll-up, rule, filter or flow that names it keeps it."""
    object_name, _, field_name = component.full_name.partition(".")
    draft = workspace.schema.find(object_name)
    field = draft.find_field(field_name) if draft else None
    if draft is None or field is None:
        return
    check_removal(workspace, draft, field)
    del draft.fields[field.api_name.lower()]
    workspace.schema.edit(draft)
