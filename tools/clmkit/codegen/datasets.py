"""A Snowfakery recipe with made-up records of every mapped object, and the CumulusCI mapping that loads them.

For orgs that hold nothing: scratch orgs and developer sandboxes. Whoever loads it needs the integration's permission set, since
people write nothing that the CLM owns. Records are inserted: CumulusCI upserts no object with a master-detail field, which nobody
can update; a second load is refused, since the keys are there. Sources: Snowfakery documentation, "Recipe files"; CumulusCI
documentation, "Generate Data with Snowfakery", "Mapping files".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from clmkit.codegen.names import banner
from clmkit.codegen.permissions import may_edit
from clmkit.codegen.plan import PlainText, PlannedFile, support
from clmkit.codegen.rules import is_guarded
from clmkit.mapping.model import FieldKind, FieldMapping, ObjectMapping, Role, Spec

AGREEMENTS = 10
ROWS_PER_AGREEMENT = 2
KEY = "SAMPLE-${{id}}"
DAYS_BETWEEN_DATES = 365
MOST_DIGITS = 2
ENCODER = json.JSONEncoder(ensure_ascii=False)

# What an org insists on in a record of a standard object that the kit does not fill.
INSISTED: Mapping[str, Mapping[str, object]] = {
    "Account": {"Name": {"fake": "Company"}},
    "Contact": {"FirstName": {"fake": "FirstName"}, "LastName": {"fake": "LastName"}},
    "Opportunity": {"Name": "Deal ${{id}}", "StageName": "Prospecting", "CloseDate": "2030-01-01"},
}


@dataclass(frozen=True, slots=True)
class Rows:
    """The made-up records of one object: what its fields hold, and which of them lead to records above."""

    mapping: ObjectMapping
    values: Mapping[str, object]
    parents: Mapping[str, str]  # API name of a lookup -> API name of the object it leads to


def plan_datasets(spec: Spec) -> Iterator[PlannedFile]:
    """The recipe and the mapping; nothing when the CLM writes no object."""
    if not any(is_guarded(mapping) for mapping in spec.objects):
        return
    rows = list(make_rows(spec))
    yield support("datasets/sample.recipe.yml", PlainText("\n".join([f"# {banner(spec)}", *_recipe(spec, rows), ""])))
    yield support("datasets/sample.mapping.yml", PlainText("\n".join([f"# {banner(spec)}", *_mapping(rows), ""])))


def make_rows(spec: Spec) -> Iterator[Rows]:
    """Objects in write order; a lookup that leads to none of the objects above stays empty."""
    made: set[str] = set()
    for mapping in spec.objects:
        if not is_guarded(mapping) and mapping.salesforce not in INSISTED:
            continue
        writable = [field for field in mapping.columns if _is_writable(spec, mapping, field)]
        parents = {f.salesforce: f.type.reference_to for f in writable if f.type.reference_to in made}
        values = {**INSISTED.get(mapping.salesforce, {}), mapping.key.salesforce: KEY}
        dates = 0
        for field in writable:
            value = make_value(spec, field, dates)
            if value is not None:
                values[field.salesforce] = value
            dates += field.type.kind is FieldKind.DATE
        if kinds := [kind.developer_name for kind in mapping.record_types if kind.active]:
            values["RecordType"] = {"random_choice": kinds}
        made.add(mapping.salesforce)
        yield Rows(mapping, values, parents)


def _is_writable(spec: Spec, mapping: ObjectMapping, field: FieldMapping) -> bool:
    """Whether the integration's permission set lets a record begin with the value."""
    if field.type.kind.is_computed or field.role in (Role.KEY, Role.RECORD_TYPE) or field.seed:
        return False
    return is_guarded(mapping) and may_edit(spec.integration, mapping, field)


def make_value(spec: Spec, field: FieldMapping, dates: int) -> object | None:
    """What the recipe says of a field; None for one that stays empty. Of two dates the one mapped first is the earlier."""
    if field.role is Role.VERSION:
        return 1
    if field.lifecycle:
        return _first_statuses(spec)
    if field.type.kind in (FieldKind.PICKLIST, FieldKind.MULTIPICKLIST):
        values = [value.salesforce for value in spec.get_value_map(field.type.value_map).picklist if value.active]
        return {"random_choice": values}
    if field.type.kind is FieldKind.DATE:
        first = dates * DAYS_BETWEEN_DATES
        return {"date_between": {"start_date": f"+{first}d", "end_date": f"+{first + DAYS_BETWEEN_DATES - 1}d"}}
    maker = MAKERS.get(field.type.kind)
    return maker(field) if maker else None


def _first_statuses(spec: Spec) -> object:
    """A record is activated by an update of its own, so that none begins activated."""
    states = spec.lifecycle.states if spec.lifecycle else ()
    return {"random_choice": [state.status for state in states if state.category == "Draft"]}


def _text(field: FieldMapping) -> object:
    limit = field.type.length or 255
    return f"${{{{('{field.name} %s' % id)[:{limit}]}}}}"


def _number(field: FieldMapping) -> object:
    """Small: a notice period of 9,999 months would end before an org's first date, in 1700."""
    digits = field.type.precision - field.type.scale
    return {"random_number": {"min": 0, "max": 10 ** min(digits, MOST_DIGITS) - 1}}


def _checkbox(field: FieldMapping) -> object:
    """A flag says that a special value stands behind an empty field: here none does."""
    return False if field.role is Role.FLAG else {"random_choice": [True, False]}


def _constant(value: str) -> Callable[[FieldMapping], object]:
    return lambda _field: value


MAKERS: Mapping[FieldKind, Callable[[FieldMapping], object]] = {
    FieldKind.TEXT: _text,
    FieldKind.EXTERNAL_LOOKUP: _text,
    FieldKind.TEXT_AREA: _text,
    FieldKind.LONG_TEXT: _text,
    FieldKind.HTML: _text,
    FieldKind.ENCRYPTED_TEXT: _text,
    FieldKind.NUMBER: _number,
    FieldKind.CURRENCY: _number,
    FieldKind.PERCENT: _number,
    FieldKind.CHECKBOX: _checkbox,
    FieldKind.DATETIME: _constant("2030-01-01T12:00:00.000Z"),
    FieldKind.TIME: _constant("12:00:00.000Z"),
    FieldKind.URL: _constant("https://clm.example.com/${{id}}"),
    FieldKind.EMAIL: _constant("sample${{id}}@customer.example"),
    FieldKind.PHONE: _constant("+1 555 0100"),
}


def _recipe(spec: Spec, rows: list[Rows]) -> Iterator[str]:
    """The recipe's lines; a value stands as JSON, which YAML reads."""
    header = spec.header.name if spec.header else ""
    yield "- snowfakery_version: 3"
    yield from ("- option: agreements", f"  default: {AGREEMENTS}")
    for made in rows:
        few = made.mapping.name == header or not is_guarded(made.mapping)
        count = "${{agreements}}" if few else f"${{{{agreements * {ROWS_PER_AGREEMENT}}}}}"
        parents = {name: {"random_reference": target} for name, target in made.parents.items()}
        yield from (f"- object: {made.mapping.salesforce}", f"  count: {count}", "  fields:")
        yield from (f"    {name}: {ENCODER.encode(value)}" for name, value in {**made.values, **parents}.items())


def _mapping(rows: list[Rows]) -> Iterator[str]:
    """One step per object, parents first."""
    for made in rows:
        name = made.mapping.salesforce
        yield from (f"Insert {name}:", f"  sf_object: {name}", f"  table: {name}", "  action: insert", "  fields:")
        yield from (f"    {'RecordTypeId' if field == 'RecordType' else field}: {field}" for field in made.values)
        if made.parents:
            yield "  lookups:"
            yield from (f"    {field}: {{table: {target}}}" for field, target in made.parents.items())
