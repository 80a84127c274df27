"""A read-only field has one owner.

Bad:
    objects:
      contract:
        fields:
          title:
            class: read_only
            owner: shared
            precedence: [{states: [draft], wins: salesforce}, {wins: clm}]
Good:
    objects: {contract: {fields: {title: {class: read_only, owner: clm}}}}
Says:
    contract.title is read_only, yet both sides may write it
    help: write class: sync, or give it one owner
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import FieldClass, Owner
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP314"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        if value.field.field_class is FieldClass.READ_ONLY and value.field.owner is Owner.SHARED:
            message = f"{value.title} is read_only, yet both sides may write it"
            yield Offence((*value.path, "class"), message, "write class: sync, or give it one owner")
