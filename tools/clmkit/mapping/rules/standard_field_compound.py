"""A mapped field is one value.

An id is assigned by the org, and an address is written through its parts.

Bad:
    objects: {contract: {fields: {address: {clm: address, field: BillingAddress}}}}
Good:
    objects: {contract: {fields: {address: {clm: address, field: BillingCity}}}}
Says:
    contract.address: Contract.BillingAddress is an address, which no mapping can fill
    help: map one of its parts, such as BillingCity
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.catalogue import find_standard_field
from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP706"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for column in subject.columns:
        standard = find_standard_field(column.mapping.salesforce, column.field.salesforce)
        if standard is not None and standard.kind is None:
            message = f"{column.title}: {column.salesforce} is an {standard.type}, which no mapping can fill"
            yield Offence((*column.path, "field"), message, "map one of its parts, such as BillingCity")
