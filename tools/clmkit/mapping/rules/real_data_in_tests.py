"""Real personal data stays in production.

A sandbox has more users, fewer rules and no audit; staging gets masked data.

Bad:
    environments:
      uat: {kind: sandbox, data: real}
      live: {kind: production, data: real}
    objects: {contract: {fields: {title: {tags: [personal]}}}}
Good:
    environments:
      uat: {kind: sandbox, data: masked}
      live: {kind: production, data: real}
    objects: {contract: {fields: {title: {tags: [personal]}}}}
Says:
    uat is no production, but would hold contract.title of real people
    help: write data: masked
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import DataKind, EnvironmentKind
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP914"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    personal = next(
        (value.title for value in subject.values if "personal" in value.field.tags and value.field.salesforce), ""
    )
    for environment in subject.spec.environments:
        is_live = environment.kind is EnvironmentKind.PRODUCTION
        if environment.data is DataKind.REAL and not is_live and personal:
            message = f"{environment.name} is no production, but would hold {personal} of real people"
            yield Offence(("environments", environment.name, "data"), message, "write data: masked")
