"""Child relationship names are unique per parent.

The org refuses the second lookup with `Duplicate Child Relationship Name`.

Bad:
    objects:
      contract:
        parents:
          renews:
            clm: renews
            field: CLM_Renews__c
            match: Contract.CLM_Id__c
            missing: park_value
            relationship: CLM_Later
          amends:
            clm: amends
            field: CLM_Amends__c
            match: Contract.CLM_Id__c
            missing: park_value
            relationship: CLM_Later
Good:
    objects:
      contract:
        parents:
          renews:
            clm: renews
            field: CLM_Renews__c
            match: Contract.CLM_Id__c
            missing: park_value
            relationship: CLM_Renewals
          amends:
            clm: amends
            field: CLM_Amends__c
            match: Contract.CLM_Id__c
            missing: park_value
            relationship: CLM_Amendments
Says:
    contract.amends and contract.renews are both the child relationship CLM_Later of Contract
    help: give one of them another relationship name
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP516"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    first: dict[tuple[str, str], str] = {}
    for column in subject.columns:
        name = column.field.type.relationship
        if name:
            other = first.setdefault((column.field.type.reference_to, name.casefold()), column.title)
            if other != column.title:
                message = f"{column.title} and {other} are both the child relationship {name} of {column.field.type.reference_to}"
                yield Offence((*column.path, "relationship"), message, "give one of them another relationship name")
