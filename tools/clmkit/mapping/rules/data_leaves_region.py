"""Personal data stays in its region.

The CLM and the org rest in different regions, so every synced personal value is a transfer that somebody has to allow.

Bad:
    systems:
      clm: {label: CLM, region: EU}
      salesforce: {label: Sales org, region: US}
    objects: {contract: {fields: {title: {tags: [personal]}}}}
Good:
    systems:
      clm: {label: CLM, region: EU}
      salesforce: {label: Sales org, region: EU}
    objects: {contract: {fields: {title: {tags: [personal]}}}}
Says:
    contract.title is personal data and goes between EU and US
    help: keep it in the CLM with class: clm_only, or write the transfer down and accept the warning
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import Direction
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP916"
SEVERITY = Severity.WARNING


def check(subject: Subject) -> Iterator[Offence]:
    clm, org = subject.spec.clm, subject.spec.salesforce
    if clm is None or org is None or not clm.region or not org.system.region or clm.region == org.system.region:
        return
    for value in subject.values:
        if "personal" in value.field.tags and value.field.direction is not Direction.NONE:
            message = f"{value.title} is personal data and goes between {clm.region} and {org.system.region}"
            help_text = "keep it in the CLM with class: clm_only, or write the transfer down and accept the warning"
            yield Offence((*value.path, "tags"), message, help_text, of_key=True)
