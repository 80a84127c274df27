"""Only a lookup has a match.

Bad:
    objects: {contract: {fields: {title: {match: User.Email}}}}
Good:
    objects: {contract: {fields: {title: {match: absent}}}}
Says:
    contract.title matches on a record, but CLM_Title__c is a text field
    help: remove match
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import FieldKind
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP505"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        if value.field.reference is not None and value.field.type.kind is not FieldKind.LOOKUP:
            message = f"{value.title} matches on a record, but {value.field.salesforce} is a {value.field.type.kind.value} field"
            yield Offence((*value.path, "match"), message, "remove match")
