"""The Salesforce type of a mapped field: written in the spec, or known because Salesforce ships the field."""

from __future__ import annotations

from msgspec import UNSET

from clmkit.mapping.catalogue import StandardField
from clmkit.mapping.document import CurrencyMeasure, FieldBlock, TypeBlock
from clmkit.mapping.model import FieldKind, FieldType

LONGEST_TEXT = 255
USUAL_LONG_TEXT = 32768
LINES = {FieldKind.LONG_TEXT: 3, FieldKind.HTML: 10, FieldKind.MULTIPICKLIST: 4}
_PLAIN_LENGTH = {"text": LONGEST_TEXT, "long_text": USUAL_LONG_TEXT}

_TYPES = TypeBlock.__struct_fields__

UNKNOWN = FieldType(kind=FieldKind.TEXT, length=LONGEST_TEXT)
"""Stands for a type that the spec does not give; a rule reports it."""


def resolve_type(block: FieldBlock, standard: StandardField | None, object_name: str, relationship: str) -> FieldType:
    if isinstance(block.type, TypeBlock):
        return _of_block(block.type, relationship)
    if block.type is not UNSET:
        kind = FieldKind(block.type)
        return FieldType(kind=kind, length=_PLAIN_LENGTH.get(block.type, 0), visible_lines=LINES.get(kind, 0))
    if standard is not None and standard.kind is not None:
        return _of_standard(standard, standard.kind)
    if object_name.endswith("__c") and block.field == "Name":
        return FieldType(kind=FieldKind.TEXT, length=80)
    if block.match is not UNSET:
        return FieldType(kind=FieldKind.LOOKUP, reference_to=block.match.partition(".")[0], relationship=relationship)
    return UNKNOWN


def _of_standard(standard: StandardField, kind: FieldKind) -> FieldType:
    return FieldType(
        kind=kind,
        length=standard.length,
        precision=standard.precision,
        scale=standard.scale,
        reference_to=standard.reference_to,
    )


def _of_block(block: TypeBlock, relationship: str) -> FieldType:
    name, measure = next((name, value) for name in _TYPES if (value := getattr(block, name)) is not UNSET)
    kind = FieldKind(name)
    lines = LINES.get(kind, 0)
    if isinstance(measure, int):
        return FieldType(kind=kind, length=measure, visible_lines=lines)
    if isinstance(measure, str):
        if kind is FieldKind.LOOKUP:
            return FieldType(kind=kind, reference_to=measure, relationship=relationship)
        return FieldType(kind=kind, value_map=measure, visible_lines=lines)
    code = measure.code if isinstance(measure, CurrencyMeasure) and measure.code is not UNSET else ""
    return FieldType(
        kind=kind, precision=measure.precision, scale=measure.scale, rounding=measure.rounding, currency_code=code
    )
