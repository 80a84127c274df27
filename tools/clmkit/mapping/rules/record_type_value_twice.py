"""A CLM value chooses one record type.

Bad:
    objects: {contract: {record_types: {clm: kind, types: {nda: {label: NDA, for: [NDA]}, other: {label: Other, for: [MSA, NDA]}}}}}
Good:
    objects: {contract: {record_types: {clm: kind, types: {nda: {label: NDA, for: [NDA]}, other: {label: Other, for: [MSA]}}}}}
Says:
    contract: NDA chooses nda and other
    help: keep it in one of the two
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP519"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for mapping, _, path in subject.objects:
        chosen: dict[str, str] = {}
        for kind in mapping.record_types:
            for value in kind.clm:
                before = chosen.setdefault(value, kind.name)
                if before != kind.name:
                    message = f"{mapping.name}: {value} chooses {before} and {kind.name}"
                    place = (*path, "record_types", "types", kind.name, "for")
                    yield Offence(place, message, "keep it in one of the two", of_key=True)
