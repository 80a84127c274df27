"""A field that goes back to the CLM belongs to the agreement itself.

The CLM accepts changes of agreements; rows inside them have no address of their own.

Bad:
    objects: {line: {fields: {product: {owner: salesforce}}}}
Good:
    objects: {line: {fields: {product: {owner: clm}}}}
Says:
    line.product would go back to agreements.lines, which the CLM does not let others change
    help: write owner: clm, or class: read_only
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP321"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        if value.field.to_clm and "." in value.mapping.clm:
            message = f"{value.title} would go back to {value.mapping.clm}, which the CLM does not let others change"
            yield Offence((*value.path, "owner"), message, "write owner: clm, or class: read_only")
