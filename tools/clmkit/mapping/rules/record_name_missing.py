"""Records of a custom object have a name: a mapped `Name`, or `record_name`.

Bad:
    objects: {line: {record_name: absent}}
Good:
    objects: {line: {record_name: {label: Line Number, format: "L-{0000}"}}}
Says:
    records of CLM_Line__c have no name
    help: add record_name: {label: Number, format: "N-{000000}"}, or map Name
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP716"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for mapping, block, path in subject.objects:
        if (
            mapping.custom
            and block.record_name is UNSET
            and all(field.salesforce != "Name" for field in mapping.fields)
        ):
            message = f"records of {mapping.salesforce} have no name"
            yield Offence(
                path, message, 'add record_name: {label: Number, format: "N-{000000}"}, or map Name', of_key=True
            )
