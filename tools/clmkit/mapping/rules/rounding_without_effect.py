"""A rounding is said where a number can have too many decimals.

The transforms that count days, months or times give whole numbers, which fit every number field: there is nothing to round. What
has no CLM path is filled by people, and Salesforce rounds what they type.

Bad:
    objects: {contract: {fields: {notice: {clm: notice, field: CLM_Notice__c, type: {number: {precision: 4, scale: 0,
      rounding: half_up}}, transform: duration_in_days, description: Days of notice.}}}}
Good:
    objects: {contract: {fields: {notice: {clm: notice, field: CLM_Notice__c, type: {number: {precision: 4, scale: 0}},
      transform: duration_in_days, description: Days of notice.}}}}
Says:
    contract.notice: the transform duration_in_days gives whole numbers, so rounding has no effect
    help: remove rounding, or write transform: decimal
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject
from clmkit.mapping.transforms import TRANSFORMS

CODE = "MAP247"
SEVERITY = Severity.ERROR
ROUNDS = ("decimal", "money", "fraction_as_percent")


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        kind, transform = value.field.type.kind, value.field.transform
        if value.field.type.rounding == "exact":
            continue
        path = (*value.path, "type", kind.value, "rounding")
        if not value.field.clm:
            message = f"{value.title}: no value comes from the CLM, so rounding has no effect"
            yield Offence(path, message, "remove rounding, or say clm: the path of the number", of_key=True)
        elif transform in TRANSFORMS and transform not in ROUNDS and kind in TRANSFORMS[transform].fills:
            message = f"{value.title}: the transform {transform} gives whole numbers, so rounding has no effect"
            yield Offence(path, message, "remove rounding, or write transform: decimal", of_key=True)
