"""The lifecycle has its one field, and the field says `lifecycle: true`.

Bad:
    objects: {contract: {fields: {status: absent}}}
Good:
    objects: {contract: {fields: {status: {clm: stage, field: Status, lifecycle: true}}}}
Says:
    no field carries the lifecycle to Status
    help: add a field with clm: stage, field: Status, lifecycle: true
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP409"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    lifecycle = subject.spec.lifecycle
    marked = [value for value in subject.values if value.field.lifecycle]
    if lifecycle is not None and not marked:
        message = f"no field carries the lifecycle to {lifecycle.field}"
        yield Offence(
            ("lifecycle", "field"),
            message,
            f"add a field with clm: {lifecycle.clm}, field: {lifecycle.field}, lifecycle: true",
        )
    for value in marked:
        if lifecycle is None:
            yield Offence(
                (*value.path, "lifecycle"),
                f"{value.title} carries a lifecycle that the spec lacks",
                "add lifecycle",
                of_key=True,
            )
        elif (value.field.clm, value.field.salesforce) != (lifecycle.clm, lifecycle.field):
            message = f"{value.title} does not map {lifecycle.clm} to {lifecycle.field}, as the lifecycle says"
            yield Offence((*value.path, "lifecycle"), message, "make both say the same", of_key=True)
