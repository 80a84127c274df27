"""An object of agreements keeps the revision that wrote it.

Events come late and twice; without the revision an old one overwrites a newer one.

Bad:
    objects: {contract: {version: absent}}
Good:
    objects: {contract: {version: {clm: revision, field: CLM_Version__c}}}
Says:
    contract has no version: a late event could overwrite a newer one
    help: add version: {clm: revision, field: CLM_Version__c}
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import Owner
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP513"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for mapping, _, path in subject.objects:
        if "." not in mapping.clm and mapping.owner is Owner.CLM and mapping.version is None:
            message = f"{mapping.name} has no version: a late event could overwrite a newer one"
            yield Offence(
                path, message, f"add version: {{clm: revision, field: {subject.spec.prefix}_Version__c}}", of_key=True
            )
