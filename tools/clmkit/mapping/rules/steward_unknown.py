"""A steward is a role of the spec.

Bad:
    objects: {contract: {fields: {title: {steward: legal}}}}
Good:
    objects: {contract: {fields: {title: {steward: legal_ops}}}}
Says:
    contract.title names the steward legal, which is not in stewards
    help: did you mean legal_ops?
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from clmkit.mapping.findings import Severity
from clmkit.mapping.shape import suggest
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP323"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    known = sorted(subject.document.stewards)
    default = subject.document.defaults.steward
    if default is not UNSET and default not in subject.document.stewards:
        yield Offence(
            ("defaults", "steward"), f"the default steward {default} is not in stewards", suggest(default, known)
        )
    for value in subject.values:
        if value.block.steward is not UNSET and value.block.steward not in subject.document.stewards:
            message = f"{value.title} names the steward {value.block.steward}, which is not in stewards"
            yield Offence((*value.path, "steward"), message, suggest(value.block.steward, known))
