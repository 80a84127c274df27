"""An object has at most 100 active validation rules.

Source: Salesforce Help, Salesforce Features and Edition Allocations: 100 in Enterprise Edition, 500 in Unlimited.

Bad:
    generate: {object: contract, checks: 101}
Good:
    generate: {object: contract, checks: 100}
Says:
    Contract gets 101 validation rules; Enterprise Edition allows 100
    help: join some of them, or check the edition
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP725"
SEVERITY = Severity.WARNING

MOST_CHECKS = 100


def check(subject: Subject) -> Iterator[Offence]:
    for mapping, block, path in subject.objects:
        if len(block.checks) > MOST_CHECKS:
            message = f"{mapping.salesforce} gets {len(block.checks)} validation rules; Enterprise Edition allows {MOST_CHECKS}"
            yield Offence((*path, "checks"), message, "join some of them, or check the edition", of_key=True)
