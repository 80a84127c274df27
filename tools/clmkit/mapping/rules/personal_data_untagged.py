"""A field of personal data says so.

The tag is written into the field's classification, where a data protection officer looks for it.

Bad:
    objects:
      contract:
        fields: {mail: {clm: mail, field: CLM_Mail__c, type: email, description: Address.}}
Good:
    objects:
      contract:
        fields:
          mail:
            clm: mail
            field: CLM_Mail__c
            type: email
            description: Address.
            tags: [personal]
Says:
    contract.mail has the type email but not the tag personal
    help: add tags: [personal]
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import FieldKind
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP607"
SEVERITY = Severity.WARNING


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        holds = value.field.type.kind in (FieldKind.EMAIL, FieldKind.PHONE) and value.field.salesforce
        if holds and "personal" not in value.field.tags:
            kind = value.field.type.kind.value
            yield Offence(
                value.path,
                f"{value.title} has the type {kind} but not the tag personal",
                "add tags: [personal]",
                of_key=True,
            )
