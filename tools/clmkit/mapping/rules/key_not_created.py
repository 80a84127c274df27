"""The key is a field that the kit creates.

Upserts match on an external ID; Salesforce's own fields are none, and Id is assigned by the org.

Bad:
    objects: {contract: {key: {field: ContractNumber}}}
Good:
    objects: {contract: {key: {field: CLM_Id__c}}}
Says:
    contract matches on ContractNumber, which is not an external ID field
    help: name a field of its own: CLM_Id__c
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.catalogue import is_custom
from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP501"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for mapping, block, path in subject.objects:
        if not is_custom(block.key.field):
            message = f"{mapping.name} matches on {block.key.field}, which is not an external ID field"
            yield Offence((*path, "key", "field"), message, f"name a field of its own: {subject.spec.prefix}_Id__c")
