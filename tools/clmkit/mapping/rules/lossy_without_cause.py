"""`lossy` stands only where something is lost.

A permission that permits nothing hides the next one that does.

Bad:
    objects: {contract: {fields: {title: {lossy: true}}}}
Good:
    objects: {contract: {fields: {title: {lossy: absent}}}}
Says:
    contract.title loses nothing on the way back
    help: remove lossy
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject
from clmkit.mapping.transforms import TRANSFORMS

CODE = "MAP208"
SEVERITY = Severity.WARNING


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        transform = TRANSFORMS.get(value.field.transform)
        if value.block.lossy and transform is not None and not (value.field.to_clm and transform.loses):
            yield Offence(
                (*value.path, "lossy"), f"{value.title} loses nothing on the way back", "remove lossy", of_key=True
            )
