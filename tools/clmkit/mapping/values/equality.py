"""Whether two values are the same value to Salesforce, however each side spells it."""

from __future__ import annotations

import datetime
from decimal import Decimal, InvalidOperation

from clmkit.mapping.model import FieldKind, FieldMapping

_NUMBERS = frozenset({FieldKind.NUMBER, FieldKind.CURRENCY, FieldKind.PERCENT})


def is_same(field: FieldMapping, ours: object, theirs: object) -> bool:
    """Compare what the spec expects with what the org returned.

    Empty text is nothing, because Salesforce stores no empty string; a checkbox that is nothing is false; numbers compare by
    value, instants as instants, multi-select values as sets, text without the outer spaces that Salesforce trims.
    """
    kind = field.type.value_kind
    return normal(kind, ours) == normal(kind, theirs)


def normal(kind: FieldKind, value: object) -> object:
    """The one spelling of a value that equality and fingerprints use."""
    if kind is FieldKind.CHECKBOX:
        return value is True or value == "true"
    if value is None or value == "":
        return None
    if kind in _NUMBERS:
        return _number(value)
    text = str(value).strip()
    if kind is FieldKind.MULTIPICKLIST:
        return frozenset(text.split(";"))
    if kind is FieldKind.DATETIME:
        return _instant(text)
    if kind is FieldKind.TIME:
        return text.removesuffix("Z").removesuffix(".000")
    return text.replace("\r\n", "\n") or None


def _number(value: object) -> object:
    try:
        return Decimal(str(value)).normalize()
    except InvalidOperation:
        return value


def _instant(text: str) -> object:
    try:
        instant = datetime.datetime.fromisoformat(text)
    except ValueError:
        return text
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000) if instant.tzinfo else text
