"""A Contract's Status is mapped by the lifecycle.

Its values stand in categories, and activation has its own rules; a plain value map would miss both.

Bad:
    objects:
      contract: {fields: {status: {lifecycle: absent, type: {picklist: contract_kind}}}}
Good:
    objects: {contract: {fields: {status: {lifecycle: true}}}}
Says:
    contract.status maps Contract.Status without the lifecycle
    help: add lifecycle: true
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP410"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        is_status = (value.mapping.salesforce, value.field.salesforce) == ("Contract", "Status")
        if is_status and not value.field.lifecycle:
            yield Offence(
                value.path,
                f"{value.title} maps Contract.Status without the lifecycle",
                "add lifecycle: true",
                of_key=True,
            )
