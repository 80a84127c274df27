"""A shared field has a decision table.

Without one nobody knows whose value stands.

Bad:
    objects: {contract: {fields: {title: {owner: shared}}}}
Good:
    objects:
      contract:
        fields:
          title:
            owner: shared
            precedence: [{states: [draft], wins: salesforce}, {wins: clm}]
Says:
    contract.title is shared but has no precedence
    help: add precedence: [{states: [draft], wins: salesforce}, {wins: clm}]
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import Owner
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP304"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        if value.field.owner is Owner.SHARED and value.block.precedence is UNSET:
            message = f"{value.title} is shared but has no precedence"
            yield Offence(
                (*value.path, "owner"),
                message,
                "add precedence: [{states: [draft], wins: salesforce}, {wins: clm}]",
                of_key=True,
            )
