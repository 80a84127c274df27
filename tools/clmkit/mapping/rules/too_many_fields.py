"""An object has at most as many custom fields as the org's edition allows.

Source: Salesforce Help, Custom Fields Allowed Per Object. A geolocation counts as three (Salesforce Starter Edition Allocations).
Without `systems.salesforce.edition` Enterprise Edition is taken.

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
from clmkit.mapping.model import Edition, FieldKind
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP709"
SEVERITY = Severity.WARNING
MOST_FIELDS = {
    Edition.PROFESSIONAL: 100,
    Edition.DEVELOPER: 500,
    Edition.ENTERPRISE: 500,
    Edition.PERFORMANCE: 800,
    Edition.UNLIMITED: 800,
}
COUNTS = {FieldKind.GEOLOCATION: 3}


def check(subject: Subject) -> Iterator[Offence]:
    edition = subject.spec.salesforce.edition if subject.spec.salesforce else Edition.ENTERPRISE
    most = MOST_FIELDS[edition]
    for mapping, _, path in subject.objects:
        count = sum(COUNTS.get(field.type.kind, 1) for field in mapping.created)
        if count > most:
            name = edition.value.capitalize()
            message = f"{mapping.salesforce} gets {count} custom fields; {name} Edition allows {most}"
            yield Offence(path, message, "map fewer, or check the edition", of_key=True)
