"""The way through the environments ends in one production.

Several orgs of one spec are overlays of that environment, not environments of their own.

Bad:
    environments: {uat: {kind: sandbox, data: masked}}
Good:
    environments:
      uat: {kind: sandbox, data: masked}
      live: {kind: production, data: real}
Says:
    among the environments there is no production
    help: write one environment of kind: production
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import EnvironmentKind
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP915"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    named = [one.name for one in subject.spec.environments if one.kind is EnvironmentKind.PRODUCTION]
    if subject.spec.environments and len(named) != 1:
        said = "is no production" if not named else f"are {len(named)}: {', '.join(named)}"
        message = f"among the environments there {said}"
        yield Offence(("environments",), message, "write one environment of kind: production", of_key=True)
