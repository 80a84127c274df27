"""An object that the kit creates starts with the prefix.

Bad:
    objects: {line: {salesforce: Line__c}}
Good:
    objects: {line: {salesforce: CLM_Line__c}}
Says:
    line creates the object Line__c without the prefix CLM_
    help: write CLM_Line__c
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP702"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for mapping, _, path in subject.objects:
        if mapping.custom and not mapping.salesforce.startswith(f"{subject.spec.prefix}_"):
            message = (
                f"{mapping.name} creates the object {mapping.salesforce} without the prefix {subject.spec.prefix}_"
            )
            yield Offence((*path, "salesforce"), message, f"write {subject.spec.prefix}_{mapping.salesforce}")
