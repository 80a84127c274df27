"""A roll-up sums numbers, compares numbers or dates, and counts records.

Source: Salesforce Help, Roll-Up Summary Field: SUM takes number, currency and percent fields; MIN and MAX take date and
date/time fields as well; COUNT takes none.

Bad:
    objects:
      contract:
        fields:
          lines: {field: CLM_Lines__c, type: {roll_up: {of: line, operation: sum, field: product}}, description: Sum.}
Good:
    objects:
      contract:
        fields: {lines: {field: CLM_Lines__c, type: {roll_up: {of: line, operation: count}}, description: How many.}}
Says:
    contract.lines: sum does not take Product__c
    help: name a field of number, currency and percent
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import FieldKind, RollUp
from clmkit.mapping.subject import Offence, Subject, join

CODE = "MAP234"
SEVERITY = Severity.ERROR

NUMBERS = (FieldKind.NUMBER, FieldKind.CURRENCY, FieldKind.PERCENT)
FITTING = {
    RollUp.COUNT: (),
    RollUp.SUM: NUMBERS,
    RollUp.MIN: (*NUMBERS, FieldKind.DATE, FieldKind.DATETIME),
    RollUp.MAX: (*NUMBERS, FieldKind.DATE, FieldKind.DATETIME),
}


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        roll_up = value.field.type.roll_up
        detail = subject.spec.find_object_of(roll_up.object) if roll_up else None
        if roll_up is None or detail is None:
            continue
        kinds = {field.salesforce: field.type.value_kind for field in detail.columns}
        fitting = FITTING[roll_up.operation]
        if roll_up.operation is RollUp.COUNT and not roll_up.field:
            continue
        if kinds.get(roll_up.field) not in fitting:
            shown = roll_up.field or "no field"
            help_text = f"name a field of {join([kind.value for kind in fitting])}" if fitting else "remove field"
            yield Offence(
                (*value.path, "type", "roll_up"),
                f"{value.title}: {roll_up.operation.value} does not take {shown}",
                help_text,
                of_key=True,
            )
