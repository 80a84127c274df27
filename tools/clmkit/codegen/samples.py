"""Values for the generated Apex tests: one Apex expression per field type, different from what the record holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from clmkit.codegen.objects import find_default_status
from clmkit.codegen.templates import apex_literal
from clmkit.mapping.model import FieldKind, FieldMapping, Spec

RECORD_KEY = "'TEST-' + i"
FIRST_REVISION = 1


@dataclass(frozen=True, slots=True)
class Sample:
    """A field and the Apex expression of a value for it."""

    name: str
    value: str


def find_sample(spec: Spec, field: FieldMapping, position: int = 0) -> Sample | None:
    """A value that an org would accept in the field; None for a reference, whose record would have to exist.

    Dates grow with `position`, so that a start date mapped before its end date also lies before it.
    """
    if field.lifecycle:
        return _status_sample(spec, field)
    if field.type.kind in (FieldKind.PICKLIST, FieldKind.MULTIPICKLIST):
        values = [value.salesforce for value in spec.get_value_map(field.type.value_map).picklist if value.active]
        return Sample(field.salesforce, apex_literal(values[-1])) if values else None
    expression = EXPRESSIONS.get(field.type.kind)
    return Sample(field.salesforce, expression(field, position)) if expression else None


def _status_sample(spec: Spec, field: FieldMapping) -> Sample | None:
    """A status that a new record does not have and that needs no activation, which is an update of its own."""
    states = spec.lifecycle.states if spec.lifecycle else ()
    new = find_default_status(spec)
    others = [state.status for state in states if state.category != "Activated" and state.status != new]
    return Sample(field.salesforce, apex_literal(others[0])) if others else None


def _text(field: FieldMapping, _position: int) -> str:
    return apex_literal("changed"[: field.type.length or None])


def _number(field: FieldMapping, _position: int) -> str:
    return "2" if field.type.precision > field.type.scale else "0.2"


def _date(_field: FieldMapping, position: int) -> str:
    return f"Date.newInstance(2030, 1, 1).addDays({position})"


def _datetime(_field: FieldMapping, position: int) -> str:
    return f"Datetime.newInstanceGmt(2030, 1, 1).addDays({position})"


def _constant(expression: str) -> Callable[[FieldMapping, int], str]:
    return lambda _field, _position: expression


EXPRESSIONS: Mapping[FieldKind, Callable[[FieldMapping, int], str]] = {
    FieldKind.TEXT: _text,
    FieldKind.EXTERNAL_LOOKUP: _text,
    FieldKind.TEXT_AREA: _text,
    FieldKind.LONG_TEXT: _text,
    FieldKind.HTML: _text,
    FieldKind.NUMBER: _number,
    FieldKind.CURRENCY: _number,
    FieldKind.PERCENT: _number,
    FieldKind.CHECKBOX: _constant("true"),
    FieldKind.DATE: _date,
    FieldKind.DATETIME: _datetime,
    FieldKind.TIME: _constant("Time.newInstance(12, 0, 0, 0)"),
    FieldKind.URL: _constant("'https://clm.example.com/changed'"),
    FieldKind.EMAIL: _constant("'changed@example.com'"),
    FieldKind.PHONE: _constant("'+1 555 0100'"),
}
