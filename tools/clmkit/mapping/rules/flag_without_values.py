"""A flag has special values to tell.

Bad:
    objects: {contract: {fields: {start: {flag: CLM_Start_Is_Open__c}}}}
Good:
    objects:
      contract: {fields: {start: {flag: CLM_Start_Is_Open__c, values: {asap: null}}}}
Says:
    contract.start: the checkbox CLM_Start_Is_Open__c could never be true
    help: add values: {perpetual: null}, or remove flag
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP223"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        if value.field.flag and not value.field.special:
            message = f"{value.title}: the checkbox {value.field.flag} could never be true"
            yield Offence((*value.path, "flag"), message, "add values: {perpetual: null}, or remove flag")
