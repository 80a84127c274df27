"""`seed` stands on a field that Salesforce owns.

What the CLM owns it writes every time.

Bad:
    objects: {contract: {fields: {title: {seed: true}}}}
Good:
    objects: {contract: {fields: {title: {seed: true, owner: salesforce}}}}
Says:
    contract.title is a seed, but Salesforce does not own it
    help: remove seed, or write owner: salesforce
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import Owner
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP319"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        if value.field.seed and value.field.owner is not Owner.SALESFORCE:
            yield Offence(
                (*value.path, "seed"),
                f"{value.title} is a seed, but Salesforce does not own it",
                "remove seed, or write owner: salesforce",
                of_key=True,
            )
