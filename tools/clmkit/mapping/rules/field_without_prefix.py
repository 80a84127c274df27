"""A field that the kit adds to somebody else's object starts with the prefix.

Bad:
    objects: {contract: {fields: {title: {field: Title__c}}}}
Good:
    objects: {contract: {fields: {title: {field: CLM_Title__c}}}}
Says:
    contract.title creates Contract.Title__c without the prefix CLM_
    help: write CLM_Title__c
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import Origin
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP701"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    start = f"{subject.spec.prefix}_"
    for column in subject.columns:
        ours = column.mapping.custom and column.mapping.salesforce.startswith(start)
        if column.field.origin is Origin.CREATED and not ours and not column.field.salesforce.startswith(start):
            message = f"{column.title} creates {column.salesforce} without the prefix {start}"
            yield Offence(column.path, message, f"write {start}{column.field.salesforce}", of_key=True)
