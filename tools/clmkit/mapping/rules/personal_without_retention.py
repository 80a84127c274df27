"""Personal data under a law has a retention.

GDPR, Article 5(1)(e): kept no longer than is necessary. Without a rule nobody erases it.

Bad:
    objects: {contract: {fields: {title: {tags: [personal, gdpr]}}}}
Good:
    retention: {law: {keep: 3 years, after: [ended], then: erase}}
    defaults: {retention: law}
    objects: {contract: {fields: {title: {tags: [personal, gdpr]}}}}
Says:
    contract.title is under gdpr, but nothing says how long it is kept
    help: add retention, here or in defaults
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject, join

CODE = "MAP912"
SEVERITY = Severity.WARNING

LAWS = ("gdpr", "ccpa", "hipaa")


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        laws = [tag for tag in value.field.tags if tag in LAWS]
        if laws and not value.field.retention:
            message = f"{value.title} is under {join(laws)}, but nothing says how long it is kept"
            yield Offence((*value.path, "tags"), message, "add retention, here or in defaults", of_key=True)
