"""A role in a decision table may edit the field.

An audience without edit access never makes the edit that the row waits for.

Bad:
    objects:
      contract:
        fields:
          title:
            owner: shared
            editors: [reader]
            precedence:
              - {roles: [steward], wins: salesforce}
              - {wins: clm}
Good:
    objects:
      contract:
        fields:
          title:
            owner: shared
            editors: [steward]
            precedence:
              - {roles: [steward], wins: salesforce}
              - {wins: clm}
Says:
    contract.title: steward may not edit the field, so row 1 waits for nothing
    help: add steward to editors, or remove it from the row
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import AudienceKind
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP330"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    people = {audience.name for audience in subject.spec.audiences if audience.kind is AudienceKind.PEOPLE}
    for value in subject.values:
        for index, row in enumerate(value.field.precedence):
            for name in row.roles:
                if name in people and name not in value.field.editors:
                    message = f"{value.title}: {name} may not edit the field, so row {index + 1} waits for nothing"
                    help_text = f"add {name} to editors, or remove it from the row"
                    yield Offence((*value.path, "precedence", index, "roles"), message, help_text, of_key=True)
