"""The CLM writes only fields that Salesforce lets others write.

Bad:
    objects: {contract: {fields: {start: {field: LastApprovedDate, type: absent}}}}
Good:
    objects: {contract: {fields: {start: {field: StartDate}}}}
Says:
    contract.start fills Contract.LastApprovedDate, but Salesforce lets nobody write it
    help: choose another field
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.catalogue import find_standard_field
from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP705"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for column in subject.columns:
        standard = find_standard_field(column.mapping.salesforce, column.field.salesforce)
        if standard is None or not column.field.to_salesforce or (standard.create and standard.update):
            continue
        how = "lets others write it only after the record exists" if standard.update else "lets nobody write it"
        yield Offence(
            (*column.path, "field"),
            f"{column.title} fills {column.salesforce}, but Salesforce {how}",
            "choose another field",
        )
