"""Who may edit a field may read it.

Bad:
    objects:
      contract:
        fields: {title: {owner: salesforce, audience: [reader], editors: [steward]}}
Good:
    objects:
      contract:
        fields:
          title: {owner: salesforce, audience: [reader, steward], editors: [steward]}
Says:
    contract.title: steward may edit but not read it
    help: add them to the audience
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject, join

CODE = "MAP605"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        outside = [name for name in value.field.editors if name not in value.field.audience]
        if outside:
            message = f"{value.title}: {join(outside)} may edit but not read it"
            yield Offence((*value.path, "editors"), message, "add them to the audience", of_key=True)
