"""`newest_wins` is not used, because it does not always end in the same value.

It compares two clocks. The CLM writes A at 10:00:00 by its clock, Salesforce writes B at 10:00:01 by a clock that is 2 s fast:
B wins although A was later; with the other delivery order A wins. Both systems then keep different values.

Bad:
    objects:
      contract:
        fields:
          title:
            owner: shared
            conflict: newest_wins
            precedence: [{states: [draft], wins: salesforce}, {wins: clm}]
Good:
    objects:
      contract:
        fields:
          title:
            owner: shared
            conflict: precedence
            precedence: [{states: [draft], wins: salesforce}, {wins: clm}]
Says:
    contract.title: newest_wins does not converge: the CLM writes A at 10:00:00, Salesforce B at 10:00:01 by a
        clock 2 s fast; B wins, though A was later
    help: write precedence or steward_decides
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import ConflictRule
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP311"
SEVERITY = Severity.ERROR
COUNTER_EXAMPLE = (
    "the CLM writes A at 10:00:00, Salesforce B at 10:00:01 by a clock 2 s fast; B wins, though A was later"
)


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        if value.field.conflict is ConflictRule.NEWEST_WINS:
            message = f"{value.title}: newest_wins does not converge: {COUNTER_EXAMPLE}"
            yield Offence((*value.path, "conflict"), message, "write precedence or steward_decides")
