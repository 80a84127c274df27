"""A value that never leaves the CLM says why.

Bad:
    objects: {contract: {fields: {clauses: {clm: clauses, class: clm_only}}}}
Good:
    objects:
      contract:
        fields: {clauses: {clm: clauses, class: clm_only, reason: Sensitive text.}}
Says:
    contract.clauses is clm_only without a reason
    help: add reason: one sentence for auditors
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import FieldClass
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP315"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        if value.field.field_class is FieldClass.CLM_ONLY and not value.field.reason:
            yield Offence(
                value.path,
                f"{value.title} is clm_only without a reason",
                "add reason: one sentence for auditors",
                of_key=True,
            )
