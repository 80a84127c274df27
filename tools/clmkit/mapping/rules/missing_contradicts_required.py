"""A row without a required parent waits as a whole.

`park_value` would write the row without its parent, which Salesforce refuses.

Bad:
    objects: {contract: {parents: {account: {missing: park_value}}}}
Good:
    objects: {contract: {parents: {account: {missing: park_row}}}}
Says:
    contract.account is required, so the row cannot be written without it
    help: write park_row or create
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import Missing
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP518"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for column in subject.columns:
        reference = column.field.reference
        if column.field.required and reference is not None and reference.missing is Missing.PARK_VALUE:
            message = f"{column.title} is required, so the row cannot be written without it"
            yield Offence((*column.path, "missing"), message, "write park_row or create")
