"""A steward is a role, never a person.

People leave; roles stay.

Bad:
    stewards: {legal_ops: ana@example.com}
Good:
    stewards: {legal_ops: Legal operations}
Says:
    the steward legal_ops is the person ana@example.com
    help: write the role: Legal operations
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP324"
SEVERITY = Severity.WARNING


def check(subject: Subject) -> Iterator[Offence]:
    for name, title in subject.spec.stewards:
        if "@" in title:
            yield Offence(
                ("stewards", name), f"the steward {name} is the person {title}", "write the role: Legal operations"
            )
