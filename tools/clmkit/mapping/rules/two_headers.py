"""One object holds the agreements themselves.

Lifecycle, requests, renewal and the record page belong to the header; of two, nobody could say which.

Bad:
    objects: {line: {kind: header}}
Good:
    objects: {line: {kind: line}}
Says:
    contract and line are both headers
    help: give one of them another kind
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import ObjectKind
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP523"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    headers = [(mapping, path) for mapping, _, path in subject.objects if mapping.kind is ObjectKind.HEADER]
    for mapping, path in headers[1:]:
        message = f"{headers[0][0].name} and {mapping.name} are both headers"
        yield Offence(path, message, "give one of them another kind", of_key=True)
