"""A record type has a developer name of its own.

The sync finds record types by developer name alone; two of one name on two objects would be two answers.

Bad:
    objects:
      contract: {record_types: {clm: kind, types: {standard: {label: Standard, for: [NDA]}}}}
      line: {record_types: {clm: kind, types: {standard: {label: Standard, for: [NDA]}}}}
Good:
    objects:
      contract: {record_types: {clm: kind, types: {standard: {label: Standard, for: [NDA]}}}}
      line: {record_types: {clm: kind, types: {standard_line: {label: Standard, for: [NDA]}}}}
Says:
    CLM_Standard is a record type of contract and of line
    help: give one of them another name
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP521"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    seen: dict[str, str] = {}
    for mapping, _, path in subject.objects:
        for kind in mapping.record_types:
            before = seen.setdefault(kind.developer_name, mapping.name)
            if before != mapping.name:
                message = f"{kind.developer_name} is a record type of {before} and of {mapping.name}"
                place = (*path, "record_types", "types", kind.name)
                yield Offence(place, message, "give one of them another name", of_key=True)
