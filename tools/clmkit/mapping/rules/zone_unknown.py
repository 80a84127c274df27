"""A time zone exists.

An IANA name, or `org` for the org's default zone.

Bad:
    systems: {salesforce: {label: Sales org, zone: Europe/Atlantis}}
Good:
    systems: {salesforce: {label: Sales org, zone: Europe/Berlin}}
Says:
    the time zone Europe/Atlantis does not exist
    help: write an IANA name such as Europe/Berlin
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject
from clmkit.mapping.values.dates import known_zones

CODE = "MAP239"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    known = known_zones()
    if subject.spec.zone not in known:
        path = ("systems", "salesforce", "zone")
        yield Offence(
            path, f"the time zone {subject.spec.zone} does not exist", "write an IANA name such as Europe/Berlin"
        )
    for value in subject.values:
        if value.field.zone and value.field.zone not in known | {"org"}:
            message = f"{value.title}: the time zone {value.field.zone} does not exist"
            yield Offence((*value.path, "zone"), message, "write org, or an IANA name such as Europe/Berlin")
