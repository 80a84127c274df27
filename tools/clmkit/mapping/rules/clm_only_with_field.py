"""A value that never leaves the CLM has no Salesforce field, and every other value has one.

Bad:
    objects:
      contract:
        fields:
          clauses:
            clm: clauses
            class: clm_only
            reason: Sensitive text.
            field: CLM_Clauses__c
Good:
    objects:
      contract:
        fields: {clauses: {clm: clauses, class: clm_only, reason: Sensitive text.}}
Says:
    contract.clauses is clm_only but names the Salesforce field CLM_Clauses__c
    help: remove field, or choose another class
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import FieldClass
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP316"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        is_clm_only = value.field.field_class is FieldClass.CLM_ONLY
        if is_clm_only and value.field.salesforce:
            message = f"{value.title} is clm_only but names the Salesforce field {value.field.salesforce}"
            yield Offence((*value.path, "field"), message, "remove field, or choose another class")
        elif not is_clm_only and not value.field.salesforce:
            yield Offence(
                value.path,
                f"{value.title} names no Salesforce field",
                "add field, or write class: clm_only",
                of_key=True,
            )
