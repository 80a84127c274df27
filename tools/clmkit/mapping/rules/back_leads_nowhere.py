"""The way back is a transform that has an inverse and fills the type of the field.

Bad:
    objects: {contract: {fields: {title: {owner: salesforce, editors: [steward], back: date_of_instant}}}}
Good:
    objects: {contract: {fields: {title: {owner: salesforce, editors: [steward], transform: one_line, back: text, lossy: true}}}}
Says:
    contract.title: date_of_instant gives no way back from a text field
    help: write one of text, one_line, single_answer, email, url, phone, sha256
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject
from clmkit.mapping.transforms import TRANSFORMS

CODE = "MAP241"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        if value.block.back is UNSET:
            continue
        transform = TRANSFORMS.get(value.block.back)
        if transform is None or transform.inverse is None or value.field.type.value_kind not in transform.fills:
            kind = value.field.type.value_kind
            fitting = [name for name, row in TRANSFORMS.items() if kind in row.fills and row.inverse is not None]
            message = f"{value.title}: {value.block.back} gives no way back from a {kind.value} field"
            yield Offence((*value.path, "back"), message, f"write one of {', '.join(fitting)}")
        elif not value.field.to_clm:
            message = f"{value.title} never goes back to the CLM; back has no effect"
            yield Offence((*value.path, "back"), message, "remove back", of_key=True)
