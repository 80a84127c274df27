"""A decision table names audiences of people.

The integration user makes the sync's own edits: a row for it would answer the sync's echo.

Bad:
    objects:
      contract:
        fields:
          title:
            owner: shared
            precedence:
              - {roles: [integration], wins: salesforce}
              - {wins: clm}
Good:
    objects:
      contract:
        fields:
          title:
            owner: shared
            precedence:
              - {roles: [steward], wins: salesforce}
              - {wins: clm}
Says:
    contract.title: integration is not an audience of people
    help: known here: reader, steward
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import AudienceKind
from clmkit.mapping.shape import suggest
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP329"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    people = [audience.name for audience in subject.spec.audiences if audience.kind is AudienceKind.PEOPLE]
    for value in subject.values:
        for index, row in enumerate(value.field.precedence):
            for name in row.roles:
                if name not in people:
                    message = f"{value.title}: {name} is not an audience of people"
                    yield Offence(
                        (*value.path, "precedence", index, "roles"), message, suggest(name, people), of_key=True
                    )
