"""An object has at most 40 relationships.

Source: Salesforce Help, Custom Fields Allowed Per Object.

Bad:
    generate: {object: contract, parents: 41}
Good:
    generate: {object: contract, parents: 30}
Says:
    Contract gets 41 relationships; Salesforce allows 40
    help: remove some
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import FieldKind
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP710"
SEVERITY = Severity.ERROR
MOST_LOOKUPS = 40


def check(subject: Subject) -> Iterator[Offence]:
    kinds = (FieldKind.LOOKUP, FieldKind.MASTER_DETAIL)
    for mapping, _, path in subject.objects:
        count = sum(field.type.kind in kinds for field in mapping.created)
        if count > MOST_LOOKUPS:
            message = f"{mapping.salesforce} gets {count} relationships; Salesforce allows {MOST_LOOKUPS}"
            yield Offence(path, message, "remove some", of_key=True)
