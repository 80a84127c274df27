"""Every field has a steward.

A value that cannot be mapped waits for a decision; somebody must be the one who decides.

Bad:
    defaults: {steward: absent}
    objects: {contract: {fields: {title: {steward: absent}}}}
Good:
    defaults: {steward: legal_ops}
Says:
    account.key has no steward
    help: add steward, or a default steward
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import Role
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP322"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for column in subject.columns:
        if not column.field.steward and column.field.role is not Role.FLAG:
            yield Offence(
                column.path, f"{column.title} has no steward", "add steward, or a default steward", of_key=True
            )
