"""An object has at most 25 roll-up summary fields.

Source: Salesforce Help, Roll-Up Summary Field; Salesforce raises it to 40 on request.

Bad:
    generate: {object: contract, fields: 26, clm: none, type: {roll_up: {of: line, operation: count}}}
Good:
    generate: {object: contract, fields: 25, clm: none, type: {roll_up: {of: line, operation: count}}}
Says:
    Contract gets 26 roll-ups; Salesforce allows 25
    help: compute some of them in a report
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import FieldKind
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP723"
SEVERITY = Severity.ERROR

MOST_ROLL_UPS = 25


def check(subject: Subject) -> Iterator[Offence]:
    for mapping, _, path in subject.objects:
        count = sum(field.type.kind is FieldKind.ROLL_UP for field in mapping.created)
        if count > MOST_ROLL_UPS:
            message = f"{mapping.salesforce} gets {count} roll-ups; Salesforce allows {MOST_ROLL_UPS}"
            yield Offence(path, message, "compute some of them in a report", of_key=True)
