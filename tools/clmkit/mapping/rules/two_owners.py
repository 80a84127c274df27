"""One mapping writes a Salesforce field.

Two would overwrite each other with every push.

Bad:
    objects:
      contract:
        fields:
          second: {clm: other, field: CLM_Title__c, type: text, description: Same field.}
Good:
    objects:
      contract:
        fields:
          second: {clm: other, field: CLM_Other__c, type: text, description: Another field.}
Says:
    contract.second and contract.title both own Contract.CLM_Title__c
    help: keep one of the two mappings
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Column, Offence, Subject

CODE = "MAP302"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    first: dict[tuple[str, str], Column] = {}
    for column in subject.columns:
        other = first.setdefault((column.mapping.salesforce, column.field.salesforce.casefold()), column)
        if other is not column:
            message = f"{column.title} and {other.title} both own {column.salesforce}"
            yield Offence(column.path, message, "keep one of the two mappings", of_key=True)
