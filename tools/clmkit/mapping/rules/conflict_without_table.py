"""`conflict: precedence` stands on a field with a decision table.

Bad:
    objects: {contract: {fields: {title: {conflict: precedence}}}}
Good:
    objects: {contract: {fields: {title: {conflict: owner_wins}}}}
Says:
    contract.title: a conflict is to be decided by precedence, but the field has none
    help: write owner_wins or steward_decides
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import ConflictRule, Owner
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP312"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        if value.field.conflict is ConflictRule.PRECEDENCE and value.field.owner is not Owner.SHARED:
            message = f"{value.title}: a conflict is to be decided by precedence, but the field has none"
            yield Offence((*value.path, "conflict"), message, "write owner_wins or steward_decides")
