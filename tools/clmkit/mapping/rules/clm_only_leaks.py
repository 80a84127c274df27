"""No mapping reads what another one keeps in the CLM.

Bad:
    objects:
      contract:
        fields:
          clauses: {clm: clauses, class: clm_only, reason: Sensitive text.}
          first: {clm: clauses.first, field: CLM_First__c, type: text, description: Leaks.}
Good:
    objects:
      contract:
        fields:
          clauses: {clm: clauses, class: clm_only, reason: Sensitive text.}
          first: {clm: clause_count, field: CLM_First__c, type: text, description: A count.}
Says:
    contract.first would carry clauses.first to Salesforce, which contract.clauses keeps in the CLM
    help: remove one of the two mappings
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import FieldClass
from clmkit.mapping.subject import Offence, Subject, absolute

CODE = "MAP317"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    secret = {
        absolute(value.mapping.clm, value.field.clm): value
        for value in subject.values
        if value.field.field_class is FieldClass.CLM_ONLY
    }
    for column in subject.columns if secret else ():
        parts = absolute(column.mapping.clm, column.field.clm).split(".") if column.field.clm else []
        for end in range(1, len(parts) + 1):
            keeper = secret.get(".".join(parts[:end]))
            if keeper is not None and keeper.field is not column.field:
                message = f"{column.title} would carry {column.field.clm} to Salesforce, which {keeper.title} keeps in the CLM"
                yield Offence(column.path, message, "remove one of the two mappings", of_key=True)
