"""A field of an org in the words of the language: the way back of `clmkit.codegen.fields`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from clmkit.codegen.fields import CLASSIFICATION
from clmkit.codegen.xml import Body
from clmkit.mapping.model import FieldKind

Written = Mapping[str, object] | str

KINDS = {kind.metadata_name: kind for kind in FieldKind}
MEASURED = (FieldKind.NUMBER, FieldKind.PERCENT, FieldKind.CURRENCY)
LONG = (FieldKind.TEXT, FieldKind.LONG_TEXT, FieldKind.HTML)


def write_type(field: Body, value_map: str, money: str) -> Written | None:
    """The `type` of a field; None for one that the language has no word for. `money`: where the CLM keeps the currency's code."""
    kind = KINDS.get(str(field["type"]))
    if kind is None:
        return None
    if "formula" in field:
        return {"formula": _formula(field, kind)}
    if kind in (FieldKind.PICKLIST, FieldKind.MULTIPICKLIST):
        return {kind.value: value_map} if value_map else None
    if kind is FieldKind.CURRENCY:
        return {kind.value: {**_digits(field), "code": money}}
    writer = WRITERS.get(kind)
    return writer(field, kind) if writer else None


def _measured(field: Body, kind: FieldKind) -> Written:
    return {kind.value: _digits(field)}


def _digits(field: Body) -> Mapping[str, object]:
    return {"precision": _number(field, "precision"), "scale": _number(field, "scale")}


def _long(field: Body, kind: FieldKind) -> Written:
    return {kind.value: _number(field, "length")}


def _plain(_field: Body, kind: FieldKind) -> Written:
    return kind.value


def _numbered(field: Body, _kind: FieldKind) -> Written:
    return {"auto_number": {"format": str(field["displayFormat"])}}


def _masked(field: Body, _kind: FieldKind) -> Written:
    measure = {"length": _number(field, "length"), "mask": field["maskType"], "character": field["maskChar"]}
    return {"encrypted_text": measure}


def _place(field: Body, _kind: FieldKind) -> Written:
    return {"geolocation": {"scale": _number(field, "scale")}}


def _formula(field: Body, kind: FieldKind) -> Mapping[str, object]:
    digits = _digits(field) if kind in MEASURED else {}
    blanks = "zero" if field.get("formulaTreatBlanksAs") == "BlankAsZero" else "blank"
    return {"returns": kind.value, "formula": field["formula"], **digits, "blanks": blanks}


def _number(field: Body, name: str) -> int:
    return int(str(field[name]))


WRITERS: Mapping[FieldKind, Callable[[Body, FieldKind], Written]] = {
    **dict.fromkeys(MEASURED, _measured),
    **dict.fromkeys(LONG, _long),
    FieldKind.TEXT_AREA: _plain,
    FieldKind.CHECKBOX: _plain,
    FieldKind.DATE: _plain,
    FieldKind.DATETIME: _plain,
    FieldKind.TIME: _plain,
    FieldKind.URL: _plain,
    FieldKind.EMAIL: _plain,
    FieldKind.PHONE: _plain,
    FieldKind.AUTO_NUMBER: _numbered,
    FieldKind.ENCRYPTED_TEXT: _masked,
    FieldKind.GEOLOCATION: _place,
}


def write_tags(field: Body) -> list[str]:
    """The compliance tags that the org's own classification says."""
    said = {
        (element, value)
        for element in ("securityClassification", "complianceGroup")
        for value in _values(field, element)
    }
    return [tag for tag, classified in CLASSIFICATION.items() if classified in said]


def _values(field: Body, element: str) -> list[str]:
    return [value for value in str(field.get(element, "")).split(";") if value]
