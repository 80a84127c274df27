"""A field that goes back to the CLM through a transform that loses something says `lossy: true`.

Bad:
    objects: {contract: {fields: {start: {owner: salesforce, transform: us_date}}}}
Good:
    objects:
      contract: {fields: {start: {owner: salesforce, transform: us_date, lossy: true}}}
Says:
    contract.start goes back to the CLM, but the transform us_date loses the spelling of the date: the CLM
        gets 2019-07-22 back
    help: add lossy: true, or choose a transform that keeps it
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import FieldKind
from clmkit.mapping.subject import Offence, Subject
from clmkit.mapping.transforms import TRANSFORMS

CODE = "MAP206"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        transform = TRANSFORMS.get(value.field.transform)
        if transform is None or not value.field.to_clm or transform.inverse is None or value.block.lossy:
            continue
        if transform.loses and value.field.type.kind is not FieldKind.PICKLIST:
            message = f"{value.title} goes back to the CLM, but the transform {transform.name} loses {transform.loses}"
            yield Offence(
                (*value.path, "transform"), message, "add lossy: true, or choose a transform that keeps it", of_key=True
            )
