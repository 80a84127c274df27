"""The type of Salesforce's own field is not written, or is the one it has.

A deploy cannot change it: `Could not resolve standard field's name.`

Bad:
    objects: {contract: {fields: {start: {type: datetime}}}}
Good:
    objects: {contract: {fields: {start: {type: absent}}}}
Says:
    contract.start says datetime but Contract.StartDate is a date field
    help: remove type
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from clmkit.mapping.catalogue import find_standard_field
from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP202"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        standard = find_standard_field(value.mapping.salesforce, value.field.salesforce)
        if standard is None or value.block.type is UNSET or standard.kind is value.field.type.kind:
            continue
        written = value.field.type.kind.value
        name = f"{value.mapping.salesforce}.{value.field.salesforce}"
        yield Offence(
            (*value.path, "type"), f"{value.title} says {written} but {name} is a {standard.type} field", "remove type"
        )
