"""The Apex of what happens around an agreement: requests to the CLM, the last day for notice, renewal opportunities.

The spec's `requests` and `renewal` become data of an object's rules; this module says what fills the templates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clmkit.codegen.names import notice_day, pascal, renewal_key
from clmkit.codegen.samples import FIRST_REVISION, find_sample
from clmkit.codegen.templates import apex_literal
from clmkit.mapping.catalogue import find_standard_field
from clmkit.mapping.model import Condition, FieldKind, FieldMapping, ObjectMapping, Operator, Request, Spec

NUMBER_OPERATORS = {
    Operator.AT_LEAST: (">=",),
    Operator.OVER: (">",),
    Operator.AT_MOST: ("<=",),
    Operator.BELOW: ("<",),
    Operator.WITHIN_NEXT: (">=", "<="),
    Operator.IN_LAST: ("<=", ">="),
}
MONTHS = "months"
ACTIVATED = "Activated"


@dataclass(frozen=True, slots=True)
class Step:
    """One call on a request: its method and the Apex of its arguments."""

    method: str
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ParentRecord:
    """A parent of a test's record, with every field that a request carries and with what the org insists on alone."""

    relationship: str
    field: str
    object: str
    variable: str
    full: Mapping[str, str]
    bare: Mapping[str, str]


def requested_objects(spec: Spec) -> list[str]:
    """The objects whose records ask for agreements, each once."""
    return list(dict.fromkeys(request.sobject for request in spec.requests))


def requests_of(spec: Spec, sobject: str) -> list[Request]:
    return [request for request in spec.requests if request.sobject == sobject]


def request_steps(request: Request) -> list[Step]:
    """What the request of a rules class says after its constructor."""
    steps = [step for condition in request.where for step in _condition_steps(request.sobject, condition)]
    for path, field in request.prefill:
        method = "need" if path in request.needs else "carry"
        steps.append(Step(method, (apex_literal(path), apex_literal(field))))
    return steps


def _condition_steps(sobject: str, condition: Condition) -> list[Step]:
    field = f"{sobject}.{condition.field}"
    if condition.operator in NUMBER_OPERATORS:
        bound = condition.values[0]
        days = {Operator.WITHIN_NEXT: ("0", bound), Operator.IN_LAST: ("0", f"-{bound}")}
        bounds = days.get(condition.operator, (bound,))
        signs = NUMBER_OPERATORS[condition.operator]
        return [Step("onlyIf", (field, apex_literal(sign), at)) for sign, at in zip(signs, bounds, strict=True)]
    values = ", ".join(apex_literal(value) for value in condition.values)
    method = "neverAmong" if condition.operator is Operator.NOT_ONE_OF else "onlyAmong"
    return [Step(method, (field, f"new Set<String>{{ {values} }}"))]


def source_fields(requests: Sequence[Request]) -> list[str]:
    """What is read of the records that ask."""
    return list(dict.fromkeys(["Id", *(field for request in requests for _, field in request.prefill)]))


def request_values(spec: Spec, sobject: str, required: Mapping[str, Mapping[str, str]]) -> Mapping[str, object]:
    """What the test of an object's requests needs: a record that asks, its parents, and what it then carries.

    `required` says what an org insists on in a record of a standard object.
    """
    first = requests_of(spec, sobject)[0]
    met = {condition.field: _met(sobject, condition) for condition in first.where}
    parents = [
        _parent(spec, sobject, name, first, required)
        for name in sorted({field.partition(".")[0] for _, field in first.prefill if "." in field})
    ]
    own = {field: _sample(spec, sobject, field) for _, field in first.prefill if "." not in field}
    values = {**required.get(sobject, {}), **{field: value for field, value in own.items() if value}, **met}
    values |= {parent.field: parent.variable for parent in parents}
    values[first.field] = apex_literal(first.becomes[0])
    insisted = {*required.get(sobject, {}), *met, first.field}
    needed = {path: field for path, field in first.prefill if path in first.needs}
    missing = [field for field in needed.values() if "." in field or field not in insisted]
    return {
        "request": first,
        "start_value": first.becomes[0],
        "elsewhere": _elsewhere(spec, first, required.get(sobject, {})),
        "conditions": list(met.items()),
        "unmet": [_unmet(condition) for condition in first.where],
        "parents": parents,
        "record_values": values,
        "needed": missing,
        "carried_paths": _carried(first, values, parents),
        "needed_own": [field for field in missing if "." not in field],
        "needed_missing": missing,
    }


def _carried(request: Request, values: Mapping[str, str], parents: Sequence[ParentRecord]) -> list[str]:
    """The paths that a request of the test's record carries: those that are needed, and those whose field it fills."""
    filled = {name for name, value in values.items() if value != "null"}
    filled |= {f"{parent.relationship}.{name}" for parent in parents for name in parent.full}
    return [path for path, field in request.prefill if path in request.needs or field in filled]


def _unmet(condition: Condition) -> str:
    """The Apex of a value that just does not meet the condition."""
    value = condition.values[0]
    match condition.operator:
        case Operator.NOT_ONE_OF:
            return apex_literal(value)
        case Operator.AT_LEAST:
            return str(int(value) - 1)
        case Operator.AT_MOST:
            return str(int(value) + 1)
        case Operator.OVER | Operator.BELOW:
            return value
        case Operator.WITHIN_NEXT:
            return f"Date.today().addDays({int(value) + 1})"
        case Operator.IN_LAST:
            return "Date.today().addDays(1)"
    return "null"


def _elsewhere(spec: Spec, request: Request, required: Mapping[str, str]) -> str:
    """The Apex of a value of the field that starts no request: the one of a new record, another of its list, or none."""
    mapping = spec.find_object_of(request.sobject)
    field = next((f for f in mapping.columns if f.salesforce == request.field), None) if mapping else None
    values = (
        [value.salesforce for value in spec.get_value_map(field.type.value_map).picklist]
        if field and field.type.value_map
        else []
    )
    others = [apex_literal(value) for value in values if value not in request.becomes]
    usual = required.get(request.field, "")
    return next(iter([usual] if usual and usual not in map(apex_literal, request.becomes) else others), "null")


def _met(sobject: str, condition: Condition) -> str:
    """The Apex of a value that meets the condition."""
    if condition.operator is Operator.NOT_ONE_OF:
        return "null"
    value = condition.values[0]
    match condition.operator:
        case Operator.OVER:
            return str(int(value) + 1)
        case Operator.BELOW:
            return str(int(value) - 1)
        case Operator.AT_LEAST | Operator.AT_MOST:
            return value
        case Operator.WITHIN_NEXT | Operator.IN_LAST:
            return "Date.today()"
    known = find_standard_field(sobject, condition.field)
    is_checkbox = known is not None and known.kind is FieldKind.CHECKBOX
    return value.lower() if is_checkbox else apex_literal(value)


def _parent(
    spec: Spec, sobject: str, relationship: str, request: Request, required: Mapping[str, Mapping[str, str]]
) -> ParentRecord:
    field = f"{relationship.removesuffix('__r')}__c" if relationship.endswith("__r") else f"{relationship}Id"
    known = find_standard_field(sobject, field)
    target = known.reference_to if known else relationship
    carried = [name.partition(".")[2] for _, name in request.prefill if name.startswith(f"{relationship}.")]
    bare = required.get(target, {})
    values = {name: value for name in carried if (value := _sample(spec, target, name))}
    variable = f"{relationship[0].lower()}{relationship.removesuffix('__r')[1:]}Id"
    return ParentRecord(relationship, field, target, variable, {**bare, **values}, bare)


def _sample(spec: Spec, sobject: str, name: str) -> str:
    """An Apex value that the field takes; empty for one that a test cannot make up."""
    mapping = spec.find_object_of(sobject)
    mapped = next((f for f in mapping.columns if f.salesforce == name), None) if mapping else None
    if mapped is not None:
        sample = find_sample(spec, mapped)
        return sample.value if sample else ""
    known = find_standard_field(sobject, name)
    return SAMPLES.get(known.kind, "") if known and known.kind and known.create else ""


SAMPLES: Mapping[FieldKind, str] = {
    FieldKind.TEXT: "'Sample'",
    FieldKind.CURRENCY: "100000",
    FieldKind.NUMBER: "1",
    FieldKind.DATE: "Date.newInstance(2030, 1, 1)",
    FieldKind.EMAIL: "'sample@example.com'",
}


def notice_terms(spec: Spec, mapping: ObjectMapping | None) -> Mapping[str, str] | None:
    """How an object's last day for notice follows from its fields; None for one without a renewal rule."""
    header, renewal = spec.header if mapping is spec.header else None, spec.renewal
    if header is None or renewal is None:
        return None
    places = {"end": renewal.end, "amount": renewal.notice, "unit": renewal.notice_unit}
    fields = {key: header.get_field(name).salesforce if name else "" for key, name in places.items()}
    months = months_value(spec, header) if renewal.notice_unit else ""
    return {
        **fields,
        "object": header.salesforce,
        "stem": pascal(header.name),
        "day": notice_day(spec),
        "months": months,
    }


def months_value(spec: Spec, mapping: ObjectMapping) -> str:
    """The unit's picklist value that stands for calendar months."""
    unit = mapping.get_field(spec.renewal.notice_unit) if spec.renewal else None
    values = spec.get_value_map(unit.type.value_map).values if unit and unit.type.value_map else ()
    return next((value.salesforce for value in values if value.clm.casefold() == MONTHS), "Months")


def states_in_force(spec: Spec) -> tuple[str, ...]:
    """The statuses of an agreement that runs: activated ones that are entered from a status that is not."""
    if spec.lifecycle is None:
        return ()
    states = {state.name: state for state in spec.lifecycle.states}
    entered = {after for before, after in spec.lifecycle.moves if states[before].category != ACTIVATED}
    return tuple(
        state.status for state in spec.lifecycle.states if state.category == ACTIVATED and state.name in entered
    )


def makes_opportunities(spec: Spec) -> bool:
    return spec.renewal is not None and spec.header is not None and spec.renewal.opportunity_days > 0


def renewal_values(spec: Spec) -> Mapping[str, object] | None:
    """What fills the renewal classes; None when the spec makes no renewal opportunity."""
    header, renewal = spec.header, spec.renewal
    if header is None or renewal is None or not renewal.opportunity_days:
        return None
    end = header.get_field(renewal.end).salesforce
    status = next((field.salesforce for field in header.columns if field.lifecycle), "")
    account = next((f.salesforce for f in header.parents if f.type.reference_to == "Account"), "")
    money = next((f.salesforce for f in header.columns if f.type.kind is FieldKind.CURRENCY), "")
    named = "ContractNumber" if header.salesforce == "Contract" else "Name"
    values = {"Name": f"'Renewal of ' + record.{named}", "StageName": apex_literal(renewal.opportunity_stage)}
    values["CloseDate"] = f"record.{end}"
    values |= {"AccountId": f"record.{account}"} if account else {}
    values |= {"Amount": f"record.{money}"} if money else {}
    values[renewal_key(spec)] = f"record.{header.key.salesforce}"
    fields = ["Id", named, header.key.salesforce, end, *filter(None, (account, money))]
    return {
        "object": header.salesforce,
        "stem": pascal(header.name),
        "key": header.key.salesforce,
        "end": end,
        "status": status,
        "statuses": states_in_force(spec),
        "days": renewal.opportunity_days,
        "stage": renewal.opportunity_stage,
        "opportunity_key": renewal_key(spec),
        "fields": fields,
        "named": named,
        "values": values,
        "revision": header.version.salesforce if header.version else "",
        "first_revision": FIRST_REVISION,
        "given": _given_values(spec, header.get_field(renewal.given)) if renewal.given else None,
    }


def _given_values(spec: Spec, field: FieldMapping) -> Mapping[str, object]:
    """The condition that no notice was given, and how a test gives it: by a record that a roll-up counts, or in the field."""
    name, roll_up = field.salesforce, field.type.roll_up
    if roll_up is not None:
        detail = spec.find_object_of(roll_up.object)
        if detail is None:
            raise ValueError(f"{name} counts {roll_up.object}, which the spec does not map")
        return {
            "unsaid": f"({name} = 0 OR {name} = NULL)",
            "detail": roll_up.object,
            "stem": pascal(detail.name),
            "master": roll_up.through,
            "values": [(condition.field, _met(roll_up.object, condition)) for condition in roll_up.where],
        }
    is_date = field.type.value_kind is FieldKind.DATE
    said = "Date.today()" if is_date else "true"
    return {"detail": "", "field": name, "unsaid": f"{name} = {'NULL' if is_date else 'FALSE'}", "said": said}
