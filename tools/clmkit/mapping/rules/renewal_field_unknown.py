"""The renewal rules name fields of the header object that fit.

`end` is a date, `notice` a number, `kind` and `notice_unit` are picklists, `automatic` holds values of `kind`, and `given` is a
checkbox, a date or a roll-up that counts notices by what they are, not by days from today.

Bad:
    renewal: {end: title, remind: [90, 30], steward: legal_ops}
    objects: {contract: {fields: {last: {clm: term.end, field: CLM_Last__c, type: date, description: Last day.}}}}
Good:
    renewal: {end: last, remind: [90, 30], steward: legal_ops}
    objects: {contract: {fields: {last: {clm: term.end, field: CLM_Last__c, type: date, description: Last day.}}}}
Says:
    end is title, which is not a date field of contract
    help: write one of start, last
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import FieldKind, FieldMapping, ObjectMapping, Operator, RenewalRule, RollUp
from clmkit.mapping.shape import suggest
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP422"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    rule, header = subject.spec.renewal, subject.spec.header
    if rule is None:
        return
    if header is None:
        yield Offence(("renewal",), "no object of the spec is the header that renews", "map agreements", of_key=True)
        return
    kinds = {field.name: field.type.value_kind for field in header.columns}
    needed = (
        ("end", rule.end, FieldKind.DATE),
        ("kind", rule.kind, FieldKind.PICKLIST),
        ("notice", rule.notice, FieldKind.NUMBER),
        ("notice_unit", rule.notice_unit, FieldKind.PICKLIST),
    )
    for key, name, kind in needed:
        if name and kinds.get(name) is not kind:
            fitting = [field for field, found in kinds.items() if found is kind]
            message = f"{key} is {name}, which is not a {kind.value} field of {header.name}"
            yield Offence(
                ("renewal", key), message, f"write one of {', '.join(fitting)}" if fitting else f"map a {kind.value}"
            )
    yield from _judge_given(header, rule)
    yield from _judge_values(subject, header, rule)


def _judge_given(header: ObjectMapping, rule: RenewalRule) -> Iterator[Offence]:
    fitting = [field.name for field in header.columns if _says_yes_or_no(field)]
    if rule.given and rule.given not in fitting:
        message = f"given is {rule.given}, which is no checkbox, date or counting roll-up of {header.name}"
        fix = f"write one of {', '.join(fitting)}" if fitting else "map notices and count them with a roll-up"
        yield Offence(("renewal", "given"), message, fix)


def _says_yes_or_no(field: FieldMapping) -> bool:
    roll_up = field.type.roll_up
    if roll_up is not None:
        of_today = any(one.operator in (Operator.WITHIN_NEXT, Operator.IN_LAST) for one in roll_up.where)
        return roll_up.operation is RollUp.COUNT and not of_today
    return field.type.value_kind in (FieldKind.CHECKBOX, FieldKind.DATE)


def _judge_values(subject: Subject, header: ObjectMapping, rule: RenewalRule) -> Iterator[Offence]:
    field = next((field for field in header.columns if field.name == rule.kind and field.type.value_map), None)
    known = [
        value.salesforce
        for value_map in subject.spec.value_maps
        if field is not None and value_map.name == field.type.value_map
        for value in value_map.picklist
    ]
    for value in rule.automatic:
        if value not in known:
            message = f"{value} is not a value of {rule.kind or 'kind'}"
            yield Offence(
                ("renewal", "automatic"), message, suggest(value, known) if known else "name kind", of_key=True
            )
