"""Which elements each kind of custom field must, may and must not have, and what it becomes in describe.

Source: "CustomField" and "Field Types" (Metadata API Developer Guide); the refusals are the org's, from published deploy logs:
`Must specify 'scale' for a CustomField of type Number`, `Can not specify 'length' for a CustomField of type Url`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from orgtwin.errors import Unsupported
from orgtwin.metadata.problem import ComponentRefused
from orgtwin.metadata.xml import Node
from orgtwin.schema.model import FieldType


@dataclass(frozen=True, slots=True)
class Shape:
    """One field type of the Metadata API. `length` is the fixed length that describe reports."""

    describe: FieldType
    must: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    length: int = 0
    formula: bool = False  # can be the result type of a formula


_NUMBER = ("precision", "scale")
_LOOKUP = ("referenceTo", "relationshipLabel", "lookupFilter")
_LONG = ("length", "visibleLines")

SHAPES: Mapping[str, Shape] = {
    "AutoNumber": Shape(FieldType.STRING, ("displayFormat",), ("startingNumber",), length=30),
    "Checkbox": Shape(FieldType.BOOLEAN, formula=True),
    "Currency": Shape(FieldType.CURRENCY, _NUMBER, formula=True),
    "Date": Shape(FieldType.DATE, formula=True),
    "DateTime": Shape(FieldType.DATETIME, formula=True),
    "Email": Shape(FieldType.EMAIL, length=80),
    "EncryptedText": Shape(FieldType.ENCRYPTED_STRING, ("length", "maskChar", "maskType")),
    "ExternalLookup": Shape(FieldType.STRING, ("referenceTo", "relationshipName", "length"), ("relationshipLabel",)),
    "Hierarchy": Shape(
        FieldType.REFERENCE, ("relationshipName",), ("relationshipLabel", "referenceTo", "lookupFilter"), length=18
    ),
    "Html": Shape(FieldType.TEXTAREA, _LONG),
    "Location": Shape(FieldType.LOCATION, ("scale",), ("displayLocationInDecimal",)),
    "LongTextArea": Shape(FieldType.TEXTAREA, _LONG),
    "Lookup": Shape(
        FieldType.REFERENCE, ("referenceTo",), (*_LOOKUP, "relationshipName", "deleteConstraint"), length=18
    ),
    "MasterDetail": Shape(
        FieldType.REFERENCE,
        ("referenceTo", "relationshipName"),
        (
            *("relationshipLabel", "relationshipOrder", "reparentableMasterDetail", "writeRequiresMasterRead"),
            "lookupFilter",
        ),
        length=18,
    ),
    "MetadataRelationship": Shape(
        FieldType.STRING,
        ("referenceTo",),
        (*_LOOKUP, "relationshipName", "metadataRelationshipControllingField"),
        length=255,
    ),
    "MultiselectPicklist": Shape(FieldType.MULTIPICKLIST, ("visibleLines",), ("valueSet",), length=4099),
    "Number": Shape(FieldType.DOUBLE, _NUMBER, formula=True),
    "Percent": Shape(FieldType.PERCENT, _NUMBER, formula=True),
    "Phone": Shape(FieldType.PHONE, length=40),
    "Picklist": Shape(FieldType.PICKLIST, (), ("valueSet",), length=255),
    "Summary": Shape(
        FieldType.DOUBLE, ("summaryForeignKey", "summaryOperation"), ("summarizedField", "summaryFilterItems")
    ),
    "Text": Shape(FieldType.STRING, ("length",), formula=True),
    "TextArea": Shape(FieldType.TEXTAREA, length=255),
    "Time": Shape(FieldType.TIME, formula=True),
    "Url": Shape(FieldType.URL, length=255),
}

_RESTRICTED = frozenset(name for shape in SHAPES.values() for name in (*shape.must, *shape.may))
"""Elements that belong to certain types only; any other element of CustomField may stand in each."""

_LENGTHS = {
    "Text": (1, 255),
    "ExternalLookup": (1, 255),
    "EncryptedText": (1, 175),
    "LongTextArea": (256, 131_072),
    "Html": (256, 131_072),
}
_MAX_PRECISION = 18
_NEVER_REQUIRED = ("Checkbox", "AutoNumber", "Summary", "LongTextArea", "Html", "MultiselectPicklist")
"""MultiselectPicklist can be required in the user interface only by layout. ASSUMED to be refused like the others."""


def check_shape(type_name: str, node: Node) -> Shape:
    """The shape of a field type; ComponentRefused where the elements do not fit it."""
    shape = SHAPES.get(type_name)
    if shape is None:
        raise Unsupported("metadata.custom-field-type", f"custom fields of type {type_name}")
    is_formula = node.find("formula") is not None
    if is_formula and not shape.formula:
        raise ComponentRefused(f"Can not specify 'formula' for a CustomField of type {type_name}")
    allowed = {*shape.must, *shape.may}
    if is_formula and type_name in ("Text", "Date"):
        allowed -= {"length"}
    for child in node.children:
        if child.tag in _RESTRICTED and child.tag not in allowed:
            raise ComponentRefused(f"Can not specify '{child.tag}' for a CustomField of type {type_name}")
    for name in shape.must:
        if node.value(name) is None and not is_formula:
            raise ComponentRefused(f"Must specify '{name}' for a CustomField of type {type_name}")
    _check_required(type_name, node)
    if not is_formula:
        _check_sizes(type_name, node)
    return shape


def _check_required(type_name: str, node: Node) -> None:
    if type_name == "MasterDetail" and node.find("required") is not None:
        raise ComponentRefused("Master-Detail Relationship Fields Cannot be Optional or Required")
    if node.flag("required") and type_name in _NEVER_REQUIRED:
        raise ComponentRefused(f"Can not specify 'required' for a CustomField of type {type_name}")
    if type_name == "Checkbox" and node.value("defaultValue") is None and node.find("formula") is None:
        raise ComponentRefused("Must specify 'defaultValue' for a CustomField of type Checkbox")


def _check_sizes(type_name: str, node: Node) -> None:
    """ASSUMED texts: the limits are documented, the org's wording is not published."""
    low, high = _LENGTHS.get(type_name, (0, 0))
    length = node.number("length")
    if length is not None and high and not low <= length <= high:
        raise ComponentRefused(
            f"The length of a CustomField of type {type_name} must be between {low} and {high}, not {length}"
        )
    precision, scale = node.number("precision"), node.number("scale")
    if precision is not None and not 1 <= precision <= _MAX_PRECISION:
        raise ComponentRefused(f"'precision' must be between 1 and {_MAX_PRECISION}, not {precision}")
    if precision is not None and scale is not None and not 0 <= scale <= precision:
        raise ComponentRefused(f"'scale' must be between 0 and the precision {precision}, not {scale}")
