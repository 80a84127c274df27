"""Custom fields: one table from field type to the elements it needs beside label and name.

Source: Metadata API Developer Guide, "CustomField". An element that a type does not take is refused at deploy
("Can not specify 'length' for a CustomField of type Url"), so each row lists exactly what its type takes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from clmkit.codegen.conditions import filter_items
from clmkit.codegen.names import described
from clmkit.codegen.plan import PlanError
from clmkit.codegen.xml import Body, Value
from clmkit.mapping.model import Encryption, FieldKind, FieldMapping, ObjectMapping, Spec, ValueMap

Elements = dict[str, Value]

# What a tag of the spec says in the org's own data classification. Source: Salesforce Help, "Data Classification Metadata Fields".
CLASSIFICATION: Mapping[str, tuple[str, str]] = {
    "public": ("securityClassification", "Public"),
    "internal": ("securityClassification", "Internal"),
    "confidential": ("securityClassification", "Confidential"),
    "restricted": ("securityClassification", "Restricted"),
    "mission_critical": ("securityClassification", "MissionCritical"),
    "personal": ("complianceGroup", "PII"),
    "gdpr": ("complianceGroup", "GDPR"),
    "ccpa": ("complianceGroup", "CCPA"),
    "coppa": ("complianceGroup", "COPPA"),
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
        "type": field.type.metadata_name,
    }
    if field.encryption is not Encryption.NONE:
        elements["encryptionScheme"] = field.encryption.metadata_name
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


def _hierarchy(_spec: Spec, mapping: ObjectMapping, field: FieldMapping) -> Elements:
    """User above user: what it refers to is not said. Source: Metadata API Developer Guide, "CustomField", relationshipName."""
    return {"relationshipLabel": mapping.plural_label, "relationshipName": field.type.relationship}


def _external_lookup(_spec: Spec, mapping: ObjectMapping, field: FieldMapping) -> Elements:
    return {**_relationship(mapping, field), "length": field.type.length}


def _auto_number(_spec: Spec, _mapping: ObjectMapping, field: FieldMapping) -> Elements:
    """The first number counts when the field is made, and never again: an org does not give it back."""
    first: Elements = {"startingNumber": field.type.start} if field.type.start != 1 else {}
    return {**first, "displayFormat": field.type.display_format, "externalId": field.external_id}


def _formula(_spec: Spec, _mapping: ObjectMapping, field: FieldMapping) -> Elements:
    measured = field.type.returns in (FieldKind.NUMBER, FieldKind.CURRENCY, FieldKind.PERCENT)
    digits: Elements = {"precision": field.type.precision, "scale": field.type.scale} if measured else {}
    blanks = "BlankAsZero" if field.type.blanks_as_zero else "BlankAsBlank"
    return {**digits, "formula": field.type.formula, "formulaTreatBlanksAs": blanks}


def _roll_up(_spec: Spec, _mapping: ObjectMapping, field: FieldMapping) -> Elements:
    counted = field.type.roll_up
    if counted is None:
        raise TypeError(f"{field.name}: a roll-up without what it counts")
    elements: Elements = {
        "summaryForeignKey": f"{counted.object}.{counted.through}",
        "summaryOperation": counted.operation.value,
    }
    if counted.field:
        elements["summarizedField"] = f"{counted.object}.{counted.field}"
    if counted.where:
        elements["summaryFilterItems"] = filter_items(counted.where, lambda name: f"{counted.object}.{name}")
    return elements


def _encrypted_text(spec: Spec, mapping: ObjectMapping, field: FieldMapping) -> Elements:
    masked: Elements = {"maskChar": field.type.mask_character, "maskType": field.type.mask}
    return {**_plain(spec, mapping, field), **masked, "length": field.type.length}


def _geolocation(spec: Spec, mapping: ObjectMapping, field: FieldMapping) -> Elements:
    """How a place is displayed: the guide and retrieved fields have the element, the Metadata WSDL has not."""
    shown: Elements = {"displayLocationInDecimal": field.type.decimal_degrees}
    return {**_plain(spec, mapping, field), **shown, "scale": field.type.scale}


def _not_generated(_spec: Spec, mapping: ObjectMapping, field: FieldMapping) -> Elements:
    raise PlanError(
        f"object {mapping.name}: {field.name} is a {field.type.kind.value}, which an org takes only on objects that the kit does "
        f"not make; say `existing: true` of it"
    )


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
    FieldKind.AUTO_NUMBER: _auto_number,
    FieldKind.FORMULA: _formula,
    FieldKind.ROLL_UP: _roll_up,
    FieldKind.ENCRYPTED_TEXT: _encrypted_text,
    FieldKind.GEOLOCATION: _geolocation,
    FieldKind.HIERARCHY: _hierarchy,
    FieldKind.EXTERNAL_LOOKUP: _external_lookup,
    FieldKind.METADATA_RELATIONSHIP: _not_generated,
    FieldKind.INDIRECT_LOOKUP: _not_generated,
}
