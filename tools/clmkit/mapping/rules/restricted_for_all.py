"""A restricted field is not for every audience.

Bad:
    objects:
      contract: {fields: {title: {tags: [restricted], audience: [reader, steward]}}}
Good:
    objects: {contract: {fields: {title: {tags: [restricted], audience: [steward]}}}}
Says:
    contract.title is restricted, but every audience may read it
    help: name the audience that needs it
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import AudienceKind
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP608"
SEVERITY = Severity.ERROR

FOR_SOME = ("restricted", "mission_critical")


def check(subject: Subject) -> Iterator[Offence]:
    people = {audience.name for audience in subject.spec.audiences if audience.kind is AudienceKind.PEOPLE}
    for value in subject.values:
        tag = next((tag for tag in FOR_SOME if tag in value.field.tags), "")
        if tag and people and people <= set(value.field.audience):
            message = f"{value.title} is {tag}, but every audience may read it"
            yield Offence((*value.path, "tags"), message, "name the audience that needs it", of_key=True)
