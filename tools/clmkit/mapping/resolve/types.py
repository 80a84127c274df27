"""The Salesforce type of a mapped field: written in the spec, or known because Salesforce ships the field."""

from __future__ import annotations

from msgspec import UNSET

from clmkit.mapping.catalogue import StandardField
from clmkit.mapping.document import (
    AutoNumberMeasure,
    CurrencyMeasure,
    EncryptedTextMeasure,
    ExternalLookupMeasure,
    FieldBlock,
    FormulaMeasure,
    GeolocationMeasure,
    NumberMeasure,
    ObjectBlock,
    RollUpMeasure,
    SpecDocument,
    TypeBlock,
)
from clmkit.mapping.model import FieldKind, FieldType, RollUp, RollUpOf
from clmkit.mapping.resolve.wording import either, resolve_conditions

LONGEST_TEXT = 255
USUAL_LONG_TEXT = 32768
LINES = {FieldKind.LONG_TEXT: 3, FieldKind.HTML: 10, FieldKind.MULTIPICKLIST: 4}
_PLAIN_LENGTH = {"text": LONGEST_TEXT, "long_text": USUAL_LONG_TEXT}

_COUNTED = (FieldKind.NUMBER, FieldKind.CURRENCY, FieldKind.PERCENT)
_TYPES = TypeBlock.__struct_fields__

UNKNOWN = FieldType(kind=FieldKind.TEXT, length=LONGEST_TEXT)
"""Stands for a type that the spec does not give; a rule reports it."""


def resolve_type(
    block: FieldBlock, standard: StandardField | None, parent: ObjectBlock, document: SpecDocument, relationship: str
) -> FieldType:
    if isinstance(block.type, TypeBlock):
        return _of_block(block.type, parent, document, relationship)
    if block.type is not UNSET:
        kind = FieldKind(block.type)
        return FieldType(kind=kind, length=_PLAIN_LENGTH.get(block.type, 0), visible_lines=LINES.get(kind, 0))
    if standard is not None and standard.kind is not None:
        return _of_standard(standard, standard.kind)
    if parent.salesforce.endswith("__c") and block.field == "Name":
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


def _of_block(block: TypeBlock, parent: ObjectBlock, document: SpecDocument, relationship: str) -> FieldType:
    name, measure = next((name, value) for name in _TYPES if (value := getattr(block, name)) is not UNSET)
    kind = FieldKind(name)
    lines = LINES.get(kind, 0)
    if isinstance(measure, int):
        return FieldType(kind=kind, length=measure, visible_lines=lines)
    if isinstance(measure, str):
        if kind in (FieldKind.PICKLIST, FieldKind.MULTIPICKLIST):
            return FieldType(kind=kind, value_map=measure, visible_lines=lines)
        return FieldType(kind=kind, reference_to=measure, relationship=relationship)
    if isinstance(measure, NumberMeasure):
        code = either(measure.code, "") if isinstance(measure, CurrencyMeasure) else ""
        return FieldType(
            kind=kind, precision=measure.precision, scale=measure.scale, rounding=measure.rounding, currency_code=code
        )
    if isinstance(measure, RollUpMeasure):
        return FieldType(kind=kind, roll_up=_roll_up(measure, parent, document))
    if isinstance(measure, ExternalLookupMeasure):
        return FieldType(kind=kind, reference_to=measure.to, relationship=relationship, length=measure.length)
    return _of_measure(kind, measure)


def _of_measure(
    kind: FieldKind, measure: FormulaMeasure | AutoNumberMeasure | EncryptedTextMeasure | GeolocationMeasure
) -> FieldType:
    match measure:
        case FormulaMeasure():
            returns = FieldKind(measure.returns)
            digits = (measure.precision, measure.scale) if returns in _COUNTED else (0, 0)
            return FieldType(
                kind=kind,
                formula=measure.formula,
                returns=returns,
                precision=digits[0],
                scale=digits[1],
                blanks_as_zero=measure.blanks == "zero",
            )
        case AutoNumberMeasure():
            return FieldType(kind=kind, display_format=measure.format, start=measure.start)
        case EncryptedTextMeasure():
            return FieldType(kind=kind, length=measure.length, mask=measure.mask, mask_character=measure.character)
        case GeolocationMeasure():
            return FieldType(kind=kind, scale=measure.scale, decimal_degrees=measure.shows == "decimal")


def _roll_up(measure: RollUpMeasure, parent: ObjectBlock, document: SpecDocument) -> RollUpOf:
    """The detail object by its API names; names that lead nowhere are carried over for the rules."""
    detail = document.objects.get(measure.of)
    if detail is None:
        return RollUpOf(operation=RollUp(measure.operation), object=measure.of, through="", field="")
    names = {name: either(block.field, name) for name, block in detail.fields.items()}
    masters = [
        block.field
        for block in detail.parents.values()
        if block.kind == "master_detail" and block.match.partition(".")[0] == parent.salesforce
    ]
    field = either(measure.field, "")
    return RollUpOf(
        operation=RollUp(measure.operation),
        object=detail.salesforce,
        through=next(iter(masters), ""),
        field=names.get(field, field),
        where=resolve_conditions(measure.where, names),
    )
