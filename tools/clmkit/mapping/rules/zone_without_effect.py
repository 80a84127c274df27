"""A zone is said where an instant becomes a day.

Dates have no zone and instants keep theirs; only `date_of_instant` asks which calendar counts.

Bad:
    objects: {contract: {fields: {start: {zone: org}}}}
Good:
    objects: {contract: {fields: {start: {transform: date_of_instant, zone: org}}}}
Says:
    contract.start: the transform iso_date asks for no zone
    help: write transform: date_of_instant, or remove zone
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP240"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        if value.field.zone and value.field.transform != "date_of_instant":
            message = f"{value.title}: the transform {value.field.transform} asks for no zone"
            yield Offence(
                (*value.path, "zone"), message, "write transform: date_of_instant, or remove zone", of_key=True
            )
