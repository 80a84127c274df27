"""Who reads a roll-up may read what it sums.

A roll-up is computed without regard to field-level security, as a formula is.

Bad:
    objects:
      line:
        fields:
          price:
            clm: price
            field: Price__c
            type: {currency: {precision: 18, scale: 2, code: /value.currency}}
            audience: [steward]
            description: Price.
      contract:
        fields:
          sum: {field: CLM_Sum__c, type: {roll_up: {of: line, operation: sum, field: price}}, description: Sum of prices.}
Good:
    objects:
      line:
        fields:
          price:
            clm: price
            field: Price__c
            type: {currency: {precision: 18, scale: 2, code: /value.currency}}
            description: Price.
      contract:
        fields:
          sum: {field: CLM_Sum__c, type: {roll_up: {of: line, operation: sum, field: price}}, description: Sum of prices.}
Says:
    contract.sum shows the sum of Price__c to reader, who may not read it
    help: narrow the audience of the roll-up
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject, join

CODE = "MAP612"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        roll_up = value.field.type.roll_up
        detail = subject.spec.find_object_of(roll_up.object) if roll_up else None
        columns = detail.columns if detail else ()
        summed = next((field for field in columns if roll_up and field.salesforce == roll_up.field), None)
        more = [reader for reader in value.field.audience if summed and reader not in summed.audience]
        if more and summed:
            message = f"{value.title} shows the sum of {summed.salesforce} to {join(more)}, who may not read it"
            yield Offence((*value.path, "type"), message, "narrow the audience of the roll-up", of_key=True)
