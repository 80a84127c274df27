"""The integration user is in no field's audience.

It gets what the mapping needs, computed, and nothing else.

Bad:
    objects: {contract: {fields: {title: {audience: [reader, integration]}}}}
Good:
    objects: {contract: {fields: {title: {audience: [reader]}}}}
Says:
    the audience of contract.title holds the integration user
    help: remove it; its rights are computed
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import AudienceKind
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP603"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    services = {audience.name for audience in subject.spec.audiences if audience.kind is AudienceKind.INTEGRATION_USER}
    default = subject.document.defaults.audience
    if default is not UNSET and services.intersection(default):
        yield Offence(
            ("defaults", "audience"),
            "the default audience holds the integration user",
            "remove it; its rights are computed",
        )
    for value in subject.values:
        if value.block.audience is not UNSET and services.intersection(value.block.audience):
            message = f"the audience of {value.title} holds the integration user"
            yield Offence((*value.path, "audience"), message, "remove it; its rights are computed", of_key=True)
