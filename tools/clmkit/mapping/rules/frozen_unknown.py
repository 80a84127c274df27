"""What is frozen is a field, and from a state on that exists.

Bad:
    lifecycle: {frozen_after: {active: [account, titel]}}
Good:
    lifecycle: {frozen_after: {active: [account, title]}}
Says:
    frozen_after: no object has a field titel
    help: did you mean title?
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import Role
from clmkit.mapping.shape import suggest
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP408"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    if subject.document.lifecycle is UNSET:
        return
    names = sorted(
        {
            field.name
            for mapping in subject.spec.objects
            for field in mapping.fields
            if field.role in (Role.VALUE, Role.PARENT)
        }
    )
    for state, fields in subject.document.lifecycle.frozen_after.items():
        path = ("lifecycle", "frozen_after", state)
        if state not in subject.state_names:
            yield Offence(
                path,
                f"frozen_after: the lifecycle has no state {state}",
                suggest(state, list(subject.state_names)),
                of_key=True,
            )
        for index, field in enumerate(fields):
            if field not in names:
                yield Offence((*path, index), f"frozen_after: no object has a field {field}", suggest(field, names))
