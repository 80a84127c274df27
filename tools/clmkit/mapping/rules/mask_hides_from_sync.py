"""The integration user can read what it compares.

Without the permission View Encrypted Data it reads `*****` from an encrypted_text field: every reconcile shows a difference and
every way back writes the mask into the CLM. Shield's encryption at rest (`encryption`) has no mask.

Bad:
    objects:
      contract:
        fields: {tax: {clm: tax, field: CLM_Tax__c, type: {encrypted_text: {length: 20}}, description: Tax number.}}
Good:
    systems: {salesforce: {label: Sales org, features: [shield]}}
    objects:
      contract:
        fields:
          tax: {clm: tax, field: CLM_Tax__c, type: {text: 20}, encryption: probabilistic, description: Tax number.}
Says:
    contract.tax is masked for every user without View Encrypted Data, also for the sync
    help: use text with encryption: probabilistic
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import Direction, FieldKind
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP235"
SEVERITY = Severity.WARNING


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        if value.field.type.kind is FieldKind.ENCRYPTED_TEXT and value.field.direction is not Direction.NONE:
            message = f"{value.title} is masked for every user without View Encrypted Data, also for the sync"
            yield Offence((*value.path, "type"), message, "use text with encryption: probabilistic", of_key=True)
