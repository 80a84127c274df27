"""The history of a field does not outlive the field.

Salesforce keeps field history 18 to 24 months: what retention erases stays readable there. Source: Salesforce Help, Field
History Tracking.

Bad:
    retention: {law: {keep: 3 years, after: [ended], then: erase}}
    defaults: {retention: law}
    objects: {line: {fields: {product: {track_history: true, tags: [personal]}}}}
Good:
    retention: {law: {keep: 3 years, after: [ended], then: erase}}
    defaults: {retention: law}
    objects: {line: {fields: {product: {track_history: true}}}}
Says:
    line.product is personal data that law erases, but its history keeps the old values
    help: remove track_history
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import Disposal
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP913"
SEVERITY = Severity.WARNING


def check(subject: Subject) -> Iterator[Offence]:
    erasing = {rule.name for rule in subject.spec.retention if rule.then is not Disposal.REVIEW}
    for value in subject.values:
        field = value.field
        if field.track_history and "personal" in field.tags and field.retention in erasing:
            message = (
                f"{value.title} is personal data that {field.retention} erases, but its history keeps the old values"
            )
            yield Offence((*value.path, "track_history"), message, "remove track_history", of_key=True)
