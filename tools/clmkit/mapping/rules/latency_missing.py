"""Every field has a latency promise.

Bad:
    defaults: {latency: absent}
Good:
    defaults: {latency: nightly}
Says:
    account.name has no latency
    help: add latency, or a default latency
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import FieldClass
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP325"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        if not value.field.latency and value.field.field_class is not FieldClass.CLM_ONLY:
            yield Offence(value.path, f"{value.title} has no latency", "add latency, or a default latency", of_key=True)
