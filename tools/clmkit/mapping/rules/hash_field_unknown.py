"""`hash` names a field of the same object that keeps a SHA-256.

Bad:
    objects: {contract: {fields: {title: {hash: digest}}}}
Good:
    objects:
      contract:
        fields:
          title: {hash: digest}
          digest:
            clm: sha256
            field: CLM_Hash__c
            type: {text: 64}
            transform: sha256
            description: The hash.
Says:
    contract.title: digest is not a field of this object
    help: name a field with transform: sha256
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP224"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        if not value.field.hash:
            continue
        named = next((field for field in value.mapping.fields if field.name == value.field.hash), None)
        if named is None or named.transform != "sha256":
            what = "is not a field of this object" if named is None else "does not keep a SHA-256"
            yield Offence(
                (*value.path, "hash"),
                f"{value.title}: {value.field.hash} {what}",
                "name a field with transform: sha256",
            )
