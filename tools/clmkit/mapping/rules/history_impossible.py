"""History is kept of what people or the sync change.

Source: Salesforce Help, Field History Tracking: formulas, roll-ups and auto-numbers are not tracked.

Bad:
    objects:
      line:
        fields:
          next:
            field: Next__c
            type: {auto_number: {format: "N-{000}"}}
            track_history: true
            description: Number.
Good:
    objects: {line: {fields: {product: {track_history: true}}}}
Says:
    line.next is a auto_number field, whose history Salesforce does not keep
    help: remove track_history
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP727"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        if value.field.track_history and value.field.type.kind.is_computed:
            message = f"{value.title} is a {value.field.type.kind.value} field, whose history Salesforce does not keep"
            yield Offence((*value.path, "track_history"), message, "remove track_history", of_key=True)
