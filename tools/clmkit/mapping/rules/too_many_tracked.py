"""An object keeps the history of at most 20 fields.

Source: Salesforce Help, Field History Tracking.

Bad:
    generate: {object: line, fields: 21, type: text, track_history: true}
Good:
    generate: {object: line, fields: 20, type: text, track_history: true}
Says:
    CLM_Line__c tracks the history of 21 fields; Salesforce tracks 20
    help: track fewer
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP711"
SEVERITY = Severity.ERROR
MOST_TRACKED = 20


def check(subject: Subject) -> Iterator[Offence]:
    for mapping, _, path in subject.objects:
        count = sum(field.track_history for field in mapping.columns)
        if count > MOST_TRACKED:
            message = f"{mapping.salesforce} tracks the history of {count} fields; Salesforce tracks {MOST_TRACKED}"
            yield Offence(path, message, "track fewer", of_key=True)
