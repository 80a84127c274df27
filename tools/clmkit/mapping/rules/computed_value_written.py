"""Nobody writes what Salesforce computes.

A formula, a roll-up and an auto-number are read-only, for the integration user as well: the API answers
`INVALID_FIELD_FOR_INSERT_UPDATE`.

Bad:
    objects:
      contract:
        fields:
          days:
            clm: days
            field: CLM_Days__c
            type: {formula: {returns: number, scale: 0, formula: "EndDate - StartDate"}}
            owner: clm
            description: Length.
Good:
    objects:
      contract:
        fields:
          days:
            field: CLM_Days__c
            type: {formula: {returns: number, scale: 0, formula: "EndDate - StartDate"}}
            description: Length.
Says:
    contract.days is a formula field, which Salesforce computes; the CLM cannot fill it
    help: remove owner and seed; a path in clm then receives the computed value
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP227"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        kind = value.field.type.kind
        if kind.is_computed and (value.field.to_salesforce or value.field.seed):
            path = (*value.path, "seed" if value.field.seed else "owner")
            message = f"{value.title} is a {kind.value} field, which Salesforce computes; the CLM cannot fill it"
            yield Offence(
                path, message, "remove owner and seed; a path in clm then receives the computed value", of_key=True
            )
