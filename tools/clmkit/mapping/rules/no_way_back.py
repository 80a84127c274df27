"""A field that goes back to the CLM has a transform with an inverse.

Bad:
    objects: {contract: {fields: {start: {owner: salesforce, transform: date_of_instant}}}}
Good:
    objects: {contract: {fields: {start: {owner: salesforce, transform: iso_date}}}}
Says:
    contract.start goes back to the CLM, but the transform date_of_instant is one-way
    help: give the field to the CLM, or choose a transform with an inverse
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject
from clmkit.mapping.transforms import TRANSFORMS

CODE = "MAP207"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        transform = TRANSFORMS.get(value.field.transform)
        if transform is not None and value.field.to_clm and transform.inverse is None:
            message = f"{value.title} goes back to the CLM, but the transform {transform.name} is one-way"
            yield Offence(
                (*value.path, "transform"), message, "give the field to the CLM, or choose a transform with an inverse"
            )
