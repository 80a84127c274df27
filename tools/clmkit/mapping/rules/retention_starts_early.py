"""The clock of a retention starts when an agreement has ended.

From the state that starts it no move leads on: otherwise data would be erased of an agreement that lives again.

Bad:
    retention: {law: {keep: 7 years, after: [active], then: erase}}
    defaults: {retention: law}
Good:
    retention: {law: {keep: 7 years, after: [ended], then: erase}}
    defaults: {retention: law}
Says:
    the clock of law starts in active, from where an agreement may go to ended
    help: name final states
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP908"
SEVERITY = Severity.WARNING


def check(subject: Subject) -> Iterator[Offence]:
    moves = subject.spec.lifecycle.moves if subject.spec.lifecycle else ()
    for rule in subject.spec.retention:
        for state in rule.states:
            onward = [after for before, after in moves if before == state and after not in rule.states]
            if onward:
                message = f"the clock of {rule.name} starts in {state}, from where an agreement may go to {onward[0]}"
                yield Offence(("retention", rule.name, "after"), message, "name final states", of_key=True)
