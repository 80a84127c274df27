"""`record_name` stands on a custom object that maps no `Name`.

Bad:
    objects: {contract: {record_name: {label: Number, format: "C-{0000}"}}}
Good:
    objects: {contract: {record_name: absent}}
Says:
    contract is Salesforce's own object, so it cannot number its records
    help: remove record_name
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP717"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for mapping, block, path in subject.objects:
        named = any(field.salesforce == "Name" for field in mapping.fields)
        if block.record_name is not UNSET and (named or not mapping.custom):
            why = "maps Name" if mapping.custom else "is Salesforce's own object"
            yield Offence(
                (*path, "record_name"),
                f"{mapping.name} {why}, so it cannot number its records",
                "remove record_name",
                of_key=True,
            )
