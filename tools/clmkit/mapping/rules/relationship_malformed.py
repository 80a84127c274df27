"""A child relationship name has at most 40 characters, no double underscore and none at its end.

Bad:
    objects: {line: {parents: {contract: {relationship: CLM__Lines}}}}
Good:
    objects: {line: {parents: {contract: {relationship: CLM_Lines}}}}
Says:
    line.contract: CLM__Lines is not a child relationship name
    help: use at most 40 letters, digits and single underscores
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP517"
SEVERITY = Severity.ERROR
MOST_CHARACTERS = 40


def check(subject: Subject) -> Iterator[Offence]:
    for column in subject.columns:
        name = column.field.type.relationship
        if len(name) > MOST_CHARACTERS or "__" in name or name.endswith("_"):
            message = f"{column.title}: {name} is not a child relationship name"
            yield Offence(
                (*column.path, "relationship"), message, "use at most 40 letters, digits and single underscores"
            )
