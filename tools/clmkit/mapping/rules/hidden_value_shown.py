"""What is hidden in one place is shown in no other.

A key is no secret: everybody who may read the record reads it, and logs, dead letters and the audit chain name rows by it. So a
value that identifies rows cannot be a value that only some may read. The same holds where two fields hold one value.

Bad:
    objects:
      contract:
        fields:
          line: {clm: lines.id, field: CLM_Line__c, type: {text: 80}, audience: [steward], description: Its id.}
Good:
    objects:
      contract:
        fields:
          line: {clm: lines.id, field: CLM_Line__c, type: {text: 80}, audience: [reader, steward], description: Its id.}
Says:
    contract.line hides lines.id from reader, but it is the key of line, by which logs and dead letters name rows
    help: let everybody read it, or give line another key
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import AudienceKind, Role
from clmkit.mapping.subject import Column, Offence, Subject, absolute, join

CODE = "MAP613"
SEVERITY = Severity.ERROR

SECRET = ("confidential", "hipaa", "mission_critical", "pci", "restricted")
"""Tags whose values the sync withholds from everything that it tells."""


def check(subject: Subject) -> Iterator[Offence]:
    people = tuple(one.name for one in subject.spec.audiences if one.kind is AudienceKind.PEOPLE)
    for columns in _same_values(subject).values():
        for column in columns:
            if column.field.role is Role.VALUE:
                yield from _judge(column, columns, people)


def _same_values(subject: Subject) -> Mapping[str, Sequence[Column]]:
    """Columns that are filled from one CLM value, by its path; only where there are several."""
    found: dict[str, list[Column]] = defaultdict(list)
    for column in subject.columns:
        if column.field.clm:
            found[absolute(column.mapping.clm, column.field.clm)].append(column)
    return {path: columns for path, columns in found.items() if len(columns) > 1}


def _judge(column: Column, columns: Sequence[Column], people: tuple[str, ...]) -> Iterator[Offence]:
    field = column.field
    hidden_from = [name for name in people if name not in field.audience]
    secret = [tag for tag in SECRET if tag in field.tags]
    key = next((other for other in columns if other.field.role is Role.KEY), None)
    if key is not None and (hidden_from or secret):
        how = f"hides {field.clm} from {join(hidden_from)}" if hidden_from else f"is {secret[0]}"
        message = (
            f"{column.title} {how}, but it is the key of {key.mapping.name}, by which logs and dead letters name rows"
        )
        path = (*column.path, "audience" if hidden_from else "tags")
        yield Offence(path, message, f"let everybody read it, or give {key.mapping.name} another key", of_key=True)
        return
    for other in columns:
        more = [name for name in hidden_from if name in other.field.audience]
        if more and other.field.role is Role.VALUE and other.field.transform == field.transform:
            message = f"{column.title} hides {field.clm} from {join(more)}, who may read it as {other.title}"
            yield Offence((*column.path, "audience"), message, "give both fields the same audience", of_key=True)
