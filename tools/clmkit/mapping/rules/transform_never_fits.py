"""A field is long enough for what its transform writes.

Bad:
    objects: {contract: {fields: {title: {type: {text: 40}, transform: sha256}}}}
Good:
    objects: {contract: {fields: {title: {type: {text: 64}, transform: sha256}}}}
Says:
    contract.title holds 40 characters; a SHA-256 has 64
    help: write type: {text: 64}
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP225"
SEVERITY = Severity.ERROR
HASH_LENGTH = 64


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        if value.field.transform == "sha256" and 0 < value.field.type.length < HASH_LENGTH:
            message = f"{value.title} holds {value.field.type.length} characters; a SHA-256 has {HASH_LENGTH}"
            yield Offence((*value.path, "type"), message, f"write type: {{text: {HASH_LENGTH}}}", of_key=True)
