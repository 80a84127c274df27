"""People do not edit what the CLM owns.

The next push would overwrite their edit.

Bad:
    objects: {contract: {fields: {title: {editors: [reader]}}}}
Good:
    objects: {contract: {fields: {title: {owner: salesforce, editors: [reader]}}}}
Says:
    reader may edit contract.title, which the CLM owns
    help: remove editors, or write owner: shared
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import Owner
from clmkit.mapping.subject import Offence, Subject, join

CODE = "MAP606"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        if value.field.editors and not value.field.to_clm and value.field.owner is not Owner.SALESFORCE:
            message = f"{join(value.field.editors)} may edit {value.title}, which the CLM owns"
            yield Offence((*value.path, "editors"), message, "remove editors, or write owner: shared", of_key=True)
