"""A lookup says how its record is found.

Bad:
    objects: {contract: {fields: {signer: {clm: signer, field: CompanySignedId}}}}
Good:
    objects:
      contract: {fields: {signer: {clm: signer, field: CompanySignedId, match: User.Email}}}
Says:
    contract.signer refers to User records without saying how they are found
    help: add match: User.<key field>
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import FieldKind
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP504"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        if value.field.type.kind is FieldKind.LOOKUP and value.field.reference is None:
            target = value.field.type.reference_to
            message = f"{value.title} refers to {target} records without saying how they are found"
            yield Offence(value.path, message, f"add match: {target}.<key field>", of_key=True)
