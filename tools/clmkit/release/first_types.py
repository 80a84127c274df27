"""A field of an org in the words of the language: the way back of `clmkit.codegen.fields`."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping

from clmkit.codegen.fields import CLASSIFICATION
from clmkit.codegen.xml import Body
from clmkit.mapping.model import Encryption, FieldKind
from clmkit.release.org_model import rows_of

Written = Mapping[str, object] | str

SCHEMES = {one.metadata_name: one.value for one in Encryption if one is not Encryption.NONE}
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


def _external(field: Body, _kind: FieldKind) -> Written:
    return {"external_lookup": {"to": field["referenceTo"], "length": _number(field, "length")}}


def _user_above(_field: Body, _kind: FieldKind) -> Written:
    return {"hierarchy": "User"}


def _place(field: Body, _kind: FieldKind) -> Written:
    shown = {} if field.get("displayLocationInDecimal", "true") == "true" else {"shows": "degrees"}
    return {"geolocation": {"scale": _number(field, "scale"), **shown}}


def _formula(field: Body, kind: FieldKind) -> Mapping[str, object]:
    digits = _digits(field) if kind in MEASURED else {}
    blanks = "zero" if field.get("formulaTreatBlanksAs") == "BlankAsZero" else "blank"
    return {"returns": kind.value, "formula": field["formula"], **digits, "blanks": blanks}


def write_roll_up(field: Body, name_of: Callable[[str], str]) -> dict[str, object] | None:
    """A roll-up without the records it counts; None when its filter has no word. `name_of` names a field of those records."""
    counted: dict[str, object] = {"operation": field["summaryOperation"]}
    if "summarizedField" in field:
        counted["field"] = name_of(str(field["summarizedField"]))
    items = [write_condition(item, name_of) for item in rows_of(field, "summaryFilterItems")]
    if None in items:
        return None
    return counted | ({"where": items} if items else {})


def write_condition(item: Body, name_of: Callable[[str], str]) -> dict[str, object] | None:
    """A filter item as a condition, of a report, too; None for one that the language has no word for.

    Values are separated by commas, one that holds a comma stands in quotation marks.
    """
    operator = OPERATORS.get(str(item.get("operation", item.get("operator"))))
    if operator is None or "value" not in item:
        return None
    place = name_of(str(item.get("field", item.get("column"))))
    (values,) = csv.reader([str(item["value"])])
    if operator == "one_of" and (days := DAYS.fullmatch(values[0])):
        return {"field": place, RELATIVE[days["which"]]: int(days["days"])}
    value = values if operator in LISTS else int(values[0]) if values[0].lstrip("-").isdigit() else None
    return None if value is None else {"field": place, operator: value}


def _number(field: Body, name: str) -> int:
    return int(str(field[name]))


DAYS = re.compile(r"(?P<which>NEXT|LAST)_N_DAYS:(?P<days>[0-9]+)")
RELATIVE = {"NEXT": "within_next", "LAST": "in_last"}
LISTS = ("one_of", "not_one_of")
OPERATORS = {
    "equals": "one_of",
    "notEqual": "not_one_of",
    "greaterOrEqual": "at_least",
    "greaterThan": "over",
    "lessOrEqual": "at_most",
    "lessThan": "below",
}

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
    FieldKind.EXTERNAL_LOOKUP: _external,
    FieldKind.HIERARCHY: _user_above,
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
