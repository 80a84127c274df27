"""Custom fields: one table from field type to the elements it needs beside label and name.

Source: Metadata API Developer Guide, "CustomField". An element that a type does not take is refused at deploy
("Can not specify 'length' for a CustomField of type Url"), so each row lists exactly what its type takes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from clmkit.codegen.names import described
from clmkit.codegen.xml import Body, Value
from clmkit.mapping.model import FieldKind, FieldMapping, ObjectMapping, Spec, ValueMap

Elements = dict[str, Value]

# What a tag of the spec says in the org's own data classification. Source: Salesforce Help, "Data Classification Metadata Fields".
CLASSIFICATION: Mapping[str, tuple[str, str]] = {
    "confidential": ("securityClassification", "Confidential"),
    "restricted": ("securityClassification", "Restricted"),
    "personal": ("complianceGroup", "PII"),
    "gdpr": ("complianceGroup", "GDPR"),
    "ccpa": ("complianceGroup", "CCPA"),
    "hipaa": ("complianceGroup", "HIPAA"),
    "pci": ("complianceGroup", "PCI"),
}


def field_body(spec: Spec, mapping: ObjectMapping, field: FieldMapping) -> Body:
    """The CustomField of a created field."""
    elements: Elements = {
        "fullName": field.salesforce,
        "description": described(spec, field.description),
        "label": field.label,
        "trackHistory": field.track_history,
        "type": field.type.kind.metadata_name,
    }
    if field.help:
        elements["inlineHelpText"] = field.help
    elements.update(_classify(field.tags))
    elements.update(ELEMENTS[field.type.kind](spec, mapping, field))
    return elements


def _classify(tags: tuple[str, ...]) -> Elements:
    found: dict[str, list[str]] = {}
    for tag in tags:
        element, value = CLASSIFICATION[tag]
        found.setdefault(element, []).append(value)
    return {element: ";".join(values) for element, values in found.items()}


def _plain(_spec: Spec, _mapping: ObjectMapping, field: FieldMapping) -> Elements:
    return {"required": field.required}


def _text(spec: Spec, mapping: ObjectMapping, field: FieldMapping) -> Elements:
    return {**_plain(spec, mapping, field), **identity(field), "length": field.type.length}


def _long_text(_spec: Spec, _mapping: ObjectMapping, field: FieldMapping) -> Elements:
    return {"length": field.type.length, "visibleLines": field.type.visible_lines}


def _decimal(spec: Spec, mapping: ObjectMapping, field: FieldMapping) -> Elements:
    return {**_plain(spec, mapping, field), "precision": field.type.precision, "scale": field.type.scale}


def _number(spec: Spec, mapping: ObjectMapping, field: FieldMapping) -> Elements:
    return {**_decimal(spec, mapping, field), **identity(field)}


def _email(spec: Spec, mapping: ObjectMapping, field: FieldMapping) -> Elements:
    return {**_plain(spec, mapping, field), **identity(field)}


def _checkbox(_spec: Spec, _mapping: ObjectMapping, _field: FieldMapping) -> Elements:
    return {"defaultValue": "false"}


def _picklist(spec: Spec, mapping: ObjectMapping, field: FieldMapping) -> Elements:
    return {**_plain(spec, mapping, field), "valueSet": value_set(spec.get_value_map(field.type.value_map))}


def _multipicklist(spec: Spec, mapping: ObjectMapping, field: FieldMapping) -> Elements:
    return {**_picklist(spec, mapping, field), "visibleLines": field.type.visible_lines}


def _lookup(spec: Spec, mapping: ObjectMapping, field: FieldMapping) -> Elements:
    constraint = "Restrict" if field.required else "SetNull"
    return {**_plain(spec, mapping, field), **_relationship(mapping, field), "deleteConstraint": constraint}


def _master_detail(_spec: Spec, mapping: ObjectMapping, field: FieldMapping) -> Elements:
    masters = [other.name for other in mapping.columns if other.type.kind is FieldKind.MASTER_DETAIL]
    return {
        **_relationship(mapping, field),
        "relationshipOrder": masters.index(field.name),
        "reparentableMasterDetail": False,
        "writeRequiresMasterRead": False,
    }


def _relationship(mapping: ObjectMapping, field: FieldMapping) -> Elements:
    return {
        "referenceTo": field.type.reference_to,
        "relationshipLabel": mapping.plural_label,
        "relationshipName": field.type.relationship,
    }


def identity(field: FieldMapping) -> Elements:
    """What makes a field a key. `caseSensitive` is written out for every unique text: without it `a` and `A` are one key."""
    elements: Elements = {"externalId": field.external_id, "unique": field.unique}
    if field.unique and field.type.kind is FieldKind.TEXT:
        elements["caseSensitive"] = field.case_sensitive
    return elements


def value_set(values: ValueMap) -> Body:
    """The value set of a picklist field: by name when it is global, else with every value spelled out."""
    if values.global_set:
        return {"restricted": True, "valueSetName": values.global_set}
    return {
        "restricted": values.restricted,
        "valueSetDefinition": {"sorted": False, "value": picklist_values(values)},
    }


def picklist_values(values: ValueMap) -> list[Body]:
    """Every value in the order of the spec; a retired one stays, inactive, because old records hold it."""
    rows: list[Body] = []
    for value in values.picklist:
        row: Elements = {"fullName": value.salesforce, "default": False, "label": value.label}
        if not value.active:
            row["isActive"] = False
        rows.append(row)
    return rows


ELEMENTS: Mapping[FieldKind, Callable[[Spec, ObjectMapping, FieldMapping], Elements]] = {
    FieldKind.TEXT: _text,
    FieldKind.TEXT_AREA: _plain,
    FieldKind.LONG_TEXT: _long_text,
    FieldKind.HTML: _long_text,
    FieldKind.NUMBER: _number,
    FieldKind.CURRENCY: _decimal,
    FieldKind.PERCENT: _decimal,
    FieldKind.CHECKBOX: _checkbox,
    FieldKind.DATE: _plain,
    FieldKind.DATETIME: _plain,
    FieldKind.TIME: _plain,
    FieldKind.URL: _plain,
    FieldKind.EMAIL: _email,
    FieldKind.PHONE: _plain,
    FieldKind.PICKLIST: _picklist,
    FieldKind.MULTIPICKLIST: _multipicklist,
    FieldKind.LOOKUP: _lookup,
    FieldKind.MASTER_DETAIL: _master_detail,
}
