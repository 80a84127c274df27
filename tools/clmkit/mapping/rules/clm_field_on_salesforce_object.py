"""An object whose records live in Salesforce has no field that the CLM writes.

The sync never writes such a record, so the value would never arrive.

Bad:
    objects: {account: {fields: {name: {owner: clm}}}}
Good:
    objects: {account: {fields: {name: {owner: salesforce}}}}
Says:
    account.name is written by the CLM, but Account records live in Salesforce
    help: write owner: salesforce, or map it on an object that the CLM owns
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import Owner, Role
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP320"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        if value.mapping.owner is Owner.SALESFORCE and value.field.to_salesforce and value.field.role is Role.VALUE:
            message = f"{value.title} is written by the CLM, but {value.mapping.salesforce} records live in Salesforce"
            yield Offence(
                (*value.path, "owner"), message, "write owner: salesforce, or map it on an object that the CLM owns"
            )
