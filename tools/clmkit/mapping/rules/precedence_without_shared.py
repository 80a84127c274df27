"""A decision table stands only on a shared field.

On an owned field it would never be asked.

Bad:
    objects: {contract: {fields: {title: {precedence: [{wins: clm}]}}}}
Good:
    objects: {contract: {fields: {title: {precedence: absent}}}}
Says:
    contract.title has a precedence, but clm owns it alone
    help: write owner: shared, or remove precedence
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import Owner
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP305"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        if value.block.precedence is not UNSET and value.field.owner is not Owner.SHARED:
            message = f"{value.title} has a precedence, but {value.field.owner.value} owns it alone"
            yield Offence(
                (*value.path, "precedence"), message, "write owner: shared, or remove precedence", of_key=True
            )
