"""A reference matches on the object that its field points to.

Bad:
    objects:
      contract:
        fields: {signer: {clm: signer, field: CustomerSignedId, match: User.Email}}
Good:
    objects:
      contract: {fields: {signer: {clm: signer, field: CompanySignedId, match: User.Email}}}
Says:
    contract.signer matches on User, but Contract.CustomerSignedId refers to Contact
    help: match on a field of Contact
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.catalogue import find_standard_field
from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP503"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for column in subject.columns:
        standard = find_standard_field(column.mapping.salesforce, column.field.salesforce)
        reference = column.field.reference
        if standard is None or reference is None or standard.reference_to in ("", reference.object):
            continue
        message = (
            f"{column.title} matches on {reference.object}, but {column.salesforce} refers to {standard.reference_to}"
        )
        yield Offence((*column.path, "match"), message, f"match on a field of {standard.reference_to}")
