"""A reference that creates missing records has an object mapping to create them from.

Bad:
    objects:
      contract:
        fields:
          signer: {clm: signer, field: CompanySignedId, match: User.Email, missing: create}
Good:
    objects:
      contract:
        fields:
          signer:
            clm: signer
            field: CompanySignedId
            match: User.Email
            missing: park_value
Says:
    contract.signer would create User records, but no object mapping fills them
    help: write park_value or park_row, or map the object
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import Missing
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP506"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for column in subject.columns:
        reference = column.field.reference
        if (
            reference is not None
            and reference.missing is Missing.CREATE
            and subject.spec.find_object_of(reference.object) is None
        ):
            message = f"{column.title} would create {reference.object} records, but no object mapping fills them"
            yield Offence((*column.path, "missing"), message, "write park_value or park_row, or map the object")
