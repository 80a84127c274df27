"""A field has one security classification.

Salesforce keeps one value of public, internal, confidential, restricted and mission_critical, and any number of laws beside it.

Bad:
    objects:
      contract: {fields: {title: {tags: [confidential, restricted, gdpr], audience: [steward]}}}
    retention: {law: {keep: 7 years, after: [ended], then: review}}
    defaults: {retention: law}
Good:
    objects:
      contract: {fields: {title: {tags: [restricted, gdpr], audience: [steward]}}}
    retention: {law: {keep: 7 years, after: [ended], then: review}}
    defaults: {retention: law}
Says:
    contract.title is confidential and restricted; Salesforce keeps one of them
    help: keep restricted
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject, join

CODE = "MAP614"
SEVERITY = Severity.ERROR

CLASSES = ("public", "internal", "confidential", "restricted", "mission_critical")
"""The weakest first."""


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        said = [tag for tag in CLASSES if tag in value.field.tags]
        if len(said) > 1:
            message = f"{value.title} is {join(said)}; Salesforce keeps one of them"
            yield Offence((*value.path, "tags"), message, f"keep {said[-1]}", of_key=True)
