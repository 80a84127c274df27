"""What a change of a field's type or measures does to the values it holds.

Source: Salesforce Help, "Notes on Changing Custom Field Types": which conversions keep values. Everything that the page does not
call safe counts as a loss.
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.model import FieldKind, FieldMapping, FieldType
from clmkit.release.changes import Change
from clmkit.release.show import show

RELATIONSHIPS = frozenset((FieldKind.LOOKUP, FieldKind.MASTER_DETAIL, FieldKind.HIERARCHY, FieldKind.EXTERNAL_LOOKUP))
_SHORT_TEXT = frozenset((FieldKind.TEXT, FieldKind.EMAIL, FieldKind.PHONE, FieldKind.URL, FieldKind.TEXT_AREA))

BETWEEN = {
    (FieldKind.LOOKUP, FieldKind.MASTER_DETAIL): "lookup_became_master",
    (FieldKind.MASTER_DETAIL, FieldKind.LOOKUP): "master_became_lookup",
}
"""The conversions between relationships. Source: Salesforce Help, "Considerations for Relationships"."""

KEPT: dict[FieldKind, frozenset[FieldKind]] = {
    **{kind: _SHORT_TEXT | {FieldKind.LONG_TEXT} for kind in _SHORT_TEXT},
    FieldKind.LONG_TEXT: _SHORT_TEXT,
    FieldKind.PICKLIST: _SHORT_TEXT | {FieldKind.MULTIPICKLIST},
}
"""From -> the types whose fields still hold every value that fits."""

CAPACITY = {
    FieldKind.TEXT_AREA: 255,
    FieldKind.URL: 255,
    FieldKind.EMAIL: 80,
    FieldKind.PHONE: 40,
    FieldKind.PICKLIST: 255,
    FieldKind.MULTIPICKLIST: 4099,
}
"""Characters of the kinds whose length is fixed. Source: Salesforce Help, "Custom Field Types"."""


def compare_type(old: FieldMapping, new: FieldMapping, subject: str, target: str) -> Iterator[Change]:
    """The changes between two types; measures are compared only where both have them."""
    before, after = old.type, new.type
    if before == after:
        return
    words = show(before), show(after)
    if before.kind is not after.kind:
        yield Change(kind_of_retype(before, after), subject, target, *words)
        return
    if before.reference_to != after.reference_to:
        yield Change("relationship_repointed", subject, target, *words)
    elif before.relationship != after.relationship:
        yield Change("relationship_renamed", subject, target, before.relationship, after.relationship)
    if capacity(before) != capacity(after):
        yield Change("field_shortened" if is_smaller(before, after) else "field_lengthened", subject, target, *words)
    for attribute, kind in _OTHERS.items():
        one, other = getattr(before, attribute), getattr(after, attribute)
        if one != other:
            yield Change(kind, subject, target, show(one), show(other))


_OTHERS = {
    "rounding": "rounding_changed",
    "currency_code": "currency_changed",
    "visible_lines": "layout_changed",
    "formula": "computed_changed",
    "returns": "field_retyped",
    "blanks_as_zero": "computed_changed",
    "roll_up": "computed_changed",
    "display_format": "computed_changed",
    "start": "computed_changed",
    "mask": "exposure_widened",
    "mask_character": "layout_changed",
    "decimal_degrees": "layout_changed",
}


def kind_of_retype(before: FieldType, after: FieldType) -> str:
    """The kind of a change between two types of different kinds."""
    if (before.kind in RELATIONSHIPS) != (after.kind in RELATIONSHIPS):
        return "relationship_retyped"
    if before.kind in RELATIONSHIPS:
        is_repointed = before.reference_to != after.reference_to
        return (
            "relationship_repointed" if is_repointed else BETWEEN.get((before.kind, after.kind), "relationship_retyped")
        )
    if after.kind not in KEPT.get(before.kind, frozenset()):
        return "field_retyped"
    return "field_shortened" if is_smaller(before, after) else "field_widened"


def capacity(field_type: FieldType) -> tuple[int, int]:
    """Characters and decimals; digits before the point count as characters."""
    length = field_type.length or CAPACITY.get(field_type.kind, 0)
    return length or field_type.precision - field_type.scale, field_type.scale


def is_smaller(before: FieldType, after: FieldType) -> bool:
    return any(new < old for old, new in zip(capacity(before), capacity(after), strict=True))
