"""Every field has an audience.

What nobody decided to show is shown to nobody, or by accident to all.

Bad:
    defaults: {audience: absent}
Good:
    defaults: {audience: [reader, steward]}
Says:
    account.key has no audience
    help: add audience, or a default audience
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import Role
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP601"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for column in subject.columns:
        if not column.field.audience and column.field.role is not Role.FLAG:
            yield Offence(
                column.path, f"{column.title} has no audience", "add audience, or a default audience", of_key=True
            )
