"""One Salesforce field goes back to a CLM path.

Bad:
    objects:
      contract:
        fields:
          title: {owner: salesforce}
          second:
            clm: title
            field: CLM_Other__c
            type: text
            owner: salesforce
            description: Same path.
Good:
    objects:
      contract:
        fields:
          title: {owner: salesforce}
          second:
            clm: other
            field: CLM_Other__c
            type: text
            owner: salesforce
            description: Another path.
Says:
    contract.second and contract.title both feed title back to the CLM
    help: let one of them own the path
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject, Value

CODE = "MAP303"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    first: dict[tuple[str, str], Value] = {}
    for value in subject.values:
        if not value.field.to_clm:
            continue
        other = first.setdefault((value.mapping.clm, value.field.clm), value)
        if other is not value:
            message = f"{value.title} and {other.title} both feed {value.field.clm} back to the CLM"
            yield Offence((*value.path, "clm"), message, "let one of them own the path")
