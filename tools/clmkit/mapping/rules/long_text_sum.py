"""The long texts of one object have at most 1,638,400 characters together.

Source: Salesforce Help, Custom Field Types. The org refuses the field that goes over.

Bad:
    generate: {object: contract, fields: 13, type: {long_text: 131072}}
Good:
    generate: {object: contract, fields: 12, type: {long_text: 131072}}
Says:
    the long texts of Contract have 1,703,936 characters; the org allows 1,638,400
    help: shorten the longest of them
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import FieldKind
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP226"
SEVERITY = Severity.ERROR
MOST_CHARACTERS = 1_638_400


def check(subject: Subject) -> Iterator[Offence]:
    kinds = (FieldKind.LONG_TEXT, FieldKind.HTML)
    for mapping, _, path in subject.objects:
        total = sum(field.type.length for field in mapping.created if field.type.kind in kinds)
        if total > MOST_CHARACTERS:
            message = (
                f"the long texts of {mapping.salesforce} have {total:,} characters; the org allows {MOST_CHARACTERS:,}"
            )
            yield Offence(path, message, "shorten the longest of them", of_key=True)
