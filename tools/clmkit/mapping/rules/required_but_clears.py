"""A required field does not take an empty value.

`clear` would send null, and Salesforce answers REQUIRED_FIELD_MISSING.

Bad:
    objects: {contract: {fields: {title: {required: true}}}}
Good:
    objects: {contract: {fields: {title: {required: true, blank: park_row}}}}
Says:
    contract.title is required, but an empty CLM value would leave it empty
    help: add blank: park_row, or blank: leave
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.catalogue import find_standard_field
from clmkit.mapping.findings import Severity
from clmkit.mapping.model import Blank, Owner
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP720"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        standard = find_standard_field(value.mapping.salesforce, value.field.salesforce)
        needed = value.field.required or (standard is not None and not standard.nillable and value.field.to_salesforce)
        if (
            needed
            and value.field.blank in (Blank.CLEAR, Blank.PARK)
            and value.field.to_salesforce
            and value.field.owner is Owner.CLM
        ):
            message = f"{value.title} is required, but an empty CLM value would leave it empty"
            yield Offence(value.path, message, "add blank: park_row, or blank: leave", of_key=True)
