"""No object takes its rows from what another mapping keeps in the CLM.

Bad:
    objects:
      contract:
        fields: {clauses: {clm: lines, class: clm_only, reason: Prices stay here.}}
Good:
    objects:
      contract:
        fields: {clauses: {clm: clauses, class: clm_only, reason: Sensitive text.}}
Says:
    line would carry agreements.lines to Salesforce, which contract.clauses keeps in the CLM
    help: remove the object, or the clm_only field
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import FieldClass
from clmkit.mapping.subject import Offence, Subject, absolute

CODE = "MAP318"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    secret = {
        absolute(value.mapping.clm, value.field.clm): value
        for value in subject.values
        if value.field.field_class is FieldClass.CLM_ONLY
    }
    for mapping, _, path in subject.objects:
        keeper = secret.get(mapping.clm)
        if keeper is not None:
            message = f"{mapping.name} would carry {mapping.clm} to Salesforce, which {keeper.title} keeps in the CLM"
            yield Offence((*path, "clm"), message, "remove the object, or the clm_only field")
