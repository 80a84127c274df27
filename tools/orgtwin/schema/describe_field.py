"""One field as the API describes it: every property that a client may read, derived from the schema by rules of its type.

Source: "Field" in DescribeSObjectResult (SOAP API Developer Guide) and describes recorded from an org (API 52 to 59).
"""

from __future__ import annotations

from dataclasses import dataclass

from orgtwin.schema.dependent_picklists import valid_for
from orgtwin.schema.model import Field, FieldType, PicklistValue

LONG_TEXT = 255  # text areas above this length are long: not filterable, not groupable, not sortable
_BYTES_PER_CHARACTER = 3


@dataclass(frozen=True, slots=True)
class TypeRule:
    """What the type of a field decides. A long text area is a type of its own here."""

    soap_type: str
    filterable: bool = True
    groupable: bool = True
    sortable: bool = True
    aggregatable: bool = True


_TEXT = TypeRule("xsd:string")
_LONG_TEXT = TypeRule("xsd:string", filterable=False, groupable=False, sortable=False, aggregatable=False)
_NUMBER = TypeRule("xsd:double", groupable=False)
_COMPOUND = TypeRule("urn:address", groupable=False, sortable=False, aggregatable=False)

TYPE_RULES: dict[FieldType, TypeRule] = {
    FieldType.ID: TypeRule("tns:ID"),
    FieldType.REFERENCE: TypeRule("tns:ID"),
    FieldType.STRING: _TEXT,
    FieldType.TEXTAREA: _TEXT,
    FieldType.EMAIL: _TEXT,
    FieldType.PHONE: _TEXT,
    FieldType.URL: _TEXT,
    FieldType.PICKLIST: _TEXT,
    FieldType.COMBOBOX: _TEXT,
    FieldType.MULTIPICKLIST: TypeRule("xsd:string", groupable=False, sortable=False, aggregatable=False),
    FieldType.ENCRYPTED_STRING: TypeRule("xsd:string", filterable=False, groupable=False, sortable=False),
    FieldType.BOOLEAN: TypeRule("xsd:boolean", aggregatable=False),
    FieldType.INT: TypeRule("xsd:int"),
    FieldType.DOUBLE: _NUMBER,
    FieldType.CURRENCY: _NUMBER,
    FieldType.PERCENT: _NUMBER,
    FieldType.DATE: TypeRule("xsd:date"),
    FieldType.DATETIME: TypeRule("xsd:dateTime", groupable=False),
    FieldType.TIME: TypeRule("xsd:time"),
    FieldType.ADDRESS: _COMPOUND,
    FieldType.LOCATION: TypeRule("urn:location", groupable=False, sortable=False, aggregatable=False),
    FieldType.BASE64: TypeRule(
        "xsd:base64Binary", filterable=False, groupable=False, sortable=False, aggregatable=False
    ),
    FieldType.ANY_TYPE: TypeRule("xsd:anyType", filterable=False, groupable=False, sortable=False, aggregatable=False),
    FieldType.COMPLEX_VALUE: TypeRule(
        "xsd:anyType", filterable=False, groupable=False, sortable=False, aggregatable=False
    ),
}

_TEXT_TYPES = frozenset(t for t, rule in TYPE_RULES.items() if rule.soap_type == "xsd:string")
_ID_TYPES = frozenset({FieldType.ID, FieldType.REFERENCE})
_DISTANCE_TYPES = frozenset({FieldType.ADDRESS, FieldType.LOCATION})
_NEVER_SET = (
    "filteredLookupInfo",
    "mask",
    "maskType",
    "referenceTargetField",
)
_NEVER_TRUE = (
    "aiPredictionField",
    "deprecatedAndHidden",
    "displayLocationInDecimal",
    "encrypted",
    "highScaleNumber",
)


def type_rule(f: Field) -> TypeRule:
    """The rule of a field's type."""
    if f.type is FieldType.TEXTAREA and f.length > LONG_TEXT:
        return _LONG_TEXT
    return TYPE_RULES[f.type]


def describe_field(
    f: Field, *, createable: bool, updateable: bool, controller: Field | None = None
) -> dict[str, object]:
    """One entry of `fields`; `createable` and `updateable` are the caller's, not only the field's."""
    rule = type_rule(f)
    return {
        **dict.fromkeys(_NEVER_SET),
        **dict.fromkeys(_NEVER_TRUE, False),
        **_identity(f),
        **_sizes(f),
        **_relationship(f),
        "aggregatable": rule.aggregatable,
        "autoNumber": f.auto_number,
        "calculated": f.calculated,
        "calculatedFormula": f.formula,
        "controllerName": f.controller,
        "createable": createable,
        "custom": f.custom,
        "defaultValue": default_value(f),
        "defaultValueFormula": f.default_formula,
        "defaultedOnCreate": f.defaulted_on_create or (f.type is FieldType.BOOLEAN and f.createable),
        "dependentPicklist": f.controller is not None,
        "filterable": rule.filterable and f.filterable,
        "formulaTreatNullNumberAsZero": f.formula_blank_as_zero,
        "groupable": rule.groupable and not f.calculated,
        "htmlFormatted": f.html,
        "nillable": f.nillable,
        "permissionable": f.permissionable,
        "picklistValues": [_describe_value(f, controller, value) for value in f.picklist],
        "queryByDistance": f.type in _DISTANCE_TYPES,
        "restrictedPicklist": f.restricted_picklist,
        "searchPrefilterable": f.type is FieldType.REFERENCE and f.permissionable,
        "soapType": rule.soap_type,
        "sortable": rule.sortable,
        "type": (FieldType.REFERENCE if f.is_external_lookup else f.type).value,
        "updateable": updateable,
    }


def _describe_value(f: Field, controller: Field | None, value: PicklistValue) -> dict[str, object]:
    """One entry of `picklistValues`."""
    return {
        "active": value.active,
        "defaultValue": value.default,
        "label": value.label,
        "validFor": valid_for(f, controller, value),
        "value": value.value,
    }


def _identity(f: Field) -> dict[str, object]:
    return {
        "caseSensitive": f.case_sensitive,
        "compoundFieldName": f.compound,
        "externalId": f.external_id,
        "extraTypeInfo": _extra_type(f),
        "idLookup": f.id_lookup or f.external_id,
        "inlineHelpText": f.help_text,
        "label": f.label,
        "name": f.api_name,
        "nameField": f.name_field,
        "unique": f.unique,
    }


def _extra_type(f: Field) -> str | None:
    if f.type is FieldType.TEXTAREA:
        return "richtextarea" if f.html else "plaintextarea"
    if f.is_external_lookup:
        return "externallookup"
    if f.compound == "Name" or (f.name_field and not f.createable and not f.auto_number):
        return "personname"
    return None


def _sizes(f: Field) -> dict[str, object]:
    is_int = f.type is FieldType.INT
    length = f.length if f.type in _TEXT_TYPES or f.type in _ID_TYPES else 0
    factor = 1 if f.type in _ID_TYPES else _BYTES_PER_CHARACTER
    return {
        "byteLength": length * factor,
        "digits": f.precision if is_int else 0,
        "length": length,
        "precision": 0 if is_int else f.precision,
        "scale": f.scale,
    }


def _relationship(f: Field) -> dict[str, object]:
    is_polymorphic = len(f.reference_to) > 1
    return {
        "cascadeDelete": f.cascade_delete and f.is_master_detail,  # standard lookups tell it on the parent's side only
        "namePointing": is_polymorphic,
        "polymorphicForeignKey": is_polymorphic,
        "referenceTo": list(f.reference_to),
        "relationshipName": f.relationship_name,
        "relationshipOrder": f.master_detail_order,
        "restrictedDelete": f.restricted_delete and f.custom,
        "writeRequiresMasterRead": f.write_requires_master_read,
    }


def default_value(f: Field) -> object:
    """Checkboxes and picklists tell their default as a value, all others by formula."""
    if f.type is FieldType.BOOLEAN:
        return False if not f.default_formula else f.default_formula.strip().lower() == "true"
    return next((value.value for value in f.picklist if value.default), None)
