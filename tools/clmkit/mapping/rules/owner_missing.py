"""Every field has an owner: its own, its object's or the default.

Ambiguous ownership is how two systems drift apart.

Bad:
    defaults: {owner: absent}
    objects: {contract: {fields: {title: {owner: absent}}}}
Good:
    defaults: {owner: absent}
    objects:
      contract:
        fields:
          title: {owner: clm}
          start: {owner: clm}
          status: {owner: clm}
          kind: {owner: clm}
          amount: {owner: clm}
      line: {fields: {product: {owner: clm}}}
Says:
    contract.title has no owner
    help: add owner: clm, salesforce or shared, or a default owner
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import FieldClass, Owner
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP301"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    if subject.document.defaults.owner is UNSET:
        for value in subject.values:
            inherits = value.mapping.owner is Owner.SALESFORCE or value.field.field_class is FieldClass.CLM_ONLY
            if value.block.owner is UNSET and not inherits:
                yield Offence(
                    value.path,
                    f"{value.title} has no owner",
                    "add owner: clm, salesforce or shared, or a default owner",
                    of_key=True,
                )
