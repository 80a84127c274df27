"""An audience is narrowed only where Salesforce has field-level security.

For some of its own fields (Status, OwnerId, AccountId) and for required fields the object permission alone decides: a permission
set that names one is refused with `You cannot deploy to a required field`, and everybody who reads the object reads the field.

Bad:
    objects: {contract: {fields: {status: {audience: [steward]}}}}
Good:
    objects: {contract: {fields: {status: {audience: [reader, steward]}}}}
Says:
    contract.status is for steward only, but Salesforce cannot hide Status
    help: name every audience, or map it to another field
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import AudienceKind
from clmkit.mapping.subject import Offence, Subject, join

CODE = "MAP609"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    people = {audience.name for audience in subject.spec.audiences if audience.kind is AudienceKind.PEOPLE}
    for value in subject.values:
        narrowed = value.block.audience is not UNSET and not people <= set(value.block.audience)
        if narrowed and value.field.salesforce and not value.field.has_fls:
            message = f"{value.title} is for {join(value.field.audience)} only, but Salesforce cannot hide {value.field.salesforce}"
            yield Offence(
                (*value.path, "audience"), message, "name every audience, or map it to another field", of_key=True
            )
