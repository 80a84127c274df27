"""A condition compares in one way.

Bad:
    presentation: {reports: {big: {label: Big, object: contract, columns: [title], where: [{field: amount}]}}}
Good:
    presentation: {reports: {big: {label: Big, object: contract, columns: [title], where: [{field: amount, over: 100}]}}}
Says:
    the condition on amount says nothing
    help: write one of is, one_of, over, below, ...
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.resolve.wording import operators_of
from clmkit.mapping.subject import Offence, Subject, join

CODE = "MAP245"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for block, path in subject.conditions:
        found = [operator.value for operator, _ in operators_of(block)]
        if len(found) != 1:
            said = join(found) if found else "nothing"
            yield Offence(
                path, f"the condition on {block.field} says {said}", "write one of is, one_of, over, below, ..."
            )
