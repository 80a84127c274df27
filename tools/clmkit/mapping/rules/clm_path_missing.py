"""A value that the CLM owns or shares has a path in the CLM.

Without a path a field lives in Salesforce alone: it is created, people fill it, and the sync leaves it alone.

Bad:
    objects:
      contract:
        fields: {note: {field: CLM_Note__c, type: text, owner: clm, description: A note.}}
Good:
    objects:
      contract:
        fields: {note: {field: CLM_Note__c, type: text, description: A note.}}
Says:
    contract.note has no path in the CLM, which owns it
    help: add clm: where the value stands, or remove owner and class
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import FieldClass, Owner
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP228"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        if value.block.clm is not UNSET:
            continue
        if value.block.class_ is FieldClass.CLM_ONLY or value.field.owner is not Owner.SALESFORCE:
            message = f"{value.title} has no path in the CLM, which owns it"
            yield Offence(
                value.path, message, "add clm: where the value stands, or remove owner and class", of_key=True
            )
