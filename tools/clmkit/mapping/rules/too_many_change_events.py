"""At most five objects send change events.

Source: Change Data Capture Developer Guide, Allocations; more need an add-on (`change_events_addon` in
`systems.salesforce.features`). An object sends them when one of its fields goes back to the CLM.

Bad:
    generate: {objects: 6}
Good:
    generate: {objects: 3}
Says:
    6 objects send change events; an org without the add-on allows 5
    help: feed fewer objects back, or add the feature change_events_addon
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import Feature
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP713"
SEVERITY = Severity.WARNING
MOST_OBJECTS = 5


def check(subject: Subject) -> Iterator[Offence]:
    org = subject.spec.salesforce
    if org is not None and Feature.CHANGE_EVENTS_ADDON in org.features:
        return
    sending = [mapping for mapping, _, _ in subject.objects if any(field.to_clm for field in mapping.fields)]
    if len(sending) > MOST_OBJECTS:
        message = f"{len(sending)} objects send change events; an org without the add-on allows {MOST_OBJECTS}"
        yield Offence(
            ("objects",), message, "feed fewer objects back, or add the feature change_events_addon", of_key=True
        )
