"""An object has at most 500 custom fields.

Source: Salesforce Help, Salesforce Features and Edition Allocations; 500 is the Enterprise Edition's limit, 800 Unlimited's.

Bad:
    generate: {object: contract, fields: 500, type: text}
Good:
    generate: {object: contract, fields: 400, type: text}
Says:
    Contract gets 505 custom fields; Enterprise Edition allows 500
    help: map fewer, or check the edition
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP709"
SEVERITY = Severity.WARNING
MOST_FIELDS = 500


def check(subject: Subject) -> Iterator[Offence]:
    for mapping, _, path in subject.objects:
        if len(mapping.created) > MOST_FIELDS:
            message = f"{mapping.salesforce} gets {len(mapping.created)} custom fields; Enterprise Edition allows {MOST_FIELDS}"
            yield Offence(path, message, "map fewer, or check the edition", of_key=True)
