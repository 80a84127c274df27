"""A custom object has at most two masters.

Source: Salesforce Help, Considerations for Relationships.

Bad:
    objects:
      line:
        parents:
          second: {clm: a, field: Second__c, match: Contract.CLM_Id__c, kind: master_detail}
          third: {clm: b, field: Third__c, match: Contract.CLM_Id__c, kind: master_detail}
Good:
    objects:
      line:
        parents:
          second: {clm: a, field: Second__c, match: Contract.CLM_Id__c, kind: master_detail}
Says:
    line.third is master 3 of CLM_Line__c; Salesforce allows 2
    help: write kind: lookup
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import FieldKind
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP510"
SEVERITY = Severity.ERROR
MOST_MASTERS = 2


def check(subject: Subject) -> Iterator[Offence]:
    masters: dict[str, int] = {}
    for column in subject.columns:
        if column.field.type.kind is not FieldKind.MASTER_DETAIL:
            continue
        count = masters[column.mapping.name] = masters.get(column.mapping.name, 0) + 1
        if count > MOST_MASTERS:
            message = (
                f"{column.title} is master {count} of {column.mapping.salesforce}; Salesforce allows {MOST_MASTERS}"
            )
            yield Offence((*column.path, "kind"), message, "write kind: lookup")
