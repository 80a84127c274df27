"""`conflict: owner_wins` stands on a field with one owner.

Bad:
    objects:
      contract:
        fields:
          title:
            owner: shared
            conflict: owner_wins
            precedence: [{states: [draft], wins: salesforce}, {wins: clm}]
Good:
    objects:
      contract:
        fields:
          title:
            owner: shared
            conflict: steward_decides
            precedence: [{states: [draft], wins: salesforce}, {wins: clm}]
Says:
    contract.title is shared, so no one owner can win a conflict
    help: write precedence or steward_decides
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import ConflictRule, Owner
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP313"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        if value.field.conflict is ConflictRule.OWNER_WINS and value.field.owner is Owner.SHARED:
            message = f"{value.title} is shared, so no one owner can win a conflict"
            yield Offence((*value.path, "conflict"), message, "write precedence or steward_decides")
