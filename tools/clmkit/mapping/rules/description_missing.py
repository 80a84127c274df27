"""A field that the kit creates says what it means.

The administrator who meets it in three years cannot ask.

Bad:
    objects: {contract: {fields: {title: {description: absent}}}}
Good:
    objects: {contract: {fields: {title: {description: Name of the agreement.}}}}
Says:
    contract.title creates CLM_Title__c without a description
    help: add description
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import Origin
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP715"
SEVERITY = Severity.WARNING


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        if value.field.origin is Origin.CREATED and value.field.salesforce and not value.field.description:
            yield Offence(
                value.path,
                f"{value.title} creates {value.field.salesforce} without a description",
                "add description",
                of_key=True,
            )
