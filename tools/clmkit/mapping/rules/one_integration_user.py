"""One audience is the integration user.

Bad:
    audiences: {integration: {kind: people}}
Good:
    audiences: {integration: {kind: integration_user}}
Says:
    the integration user is none; a spec has one
    help: write kind: integration_user in one audience
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import AudienceKind
from clmkit.mapping.subject import Offence, Subject, join

CODE = "MAP604"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    services = [audience.name for audience in subject.spec.audiences if audience.kind is AudienceKind.INTEGRATION_USER]
    if len(services) != 1:
        found = join(services) if services else "none"
        message = f"the integration user is {found}; a spec has one"
        yield Offence(("audiences",), message, "write kind: integration_user in one audience", of_key=True)
