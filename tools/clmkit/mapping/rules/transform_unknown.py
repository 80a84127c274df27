"""A transform is one of the table.

Bad:
    objects: {contract: {fields: {start: {transform: us_dates}}}}
Good:
    objects: {contract: {fields: {start: {transform: us_date}}}}
Says:
    contract.start names the transform us_dates, which does not exist
    help: did you mean us_date?
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.shape import suggest
from clmkit.mapping.subject import Offence, Subject
from clmkit.mapping.transforms import TRANSFORMS

CODE = "MAP203"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        if value.field.transform not in TRANSFORMS:
            message = f"{value.title} names the transform {value.field.transform}, which does not exist"
            yield Offence((*value.path, "transform"), message, suggest(value.field.transform, sorted(TRANSFORMS)))
