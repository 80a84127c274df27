"""What an emptied field does is said where it goes back.

Bad:
    objects: {contract: {fields: {title: {cleared: leave}}}}
Good:
    objects: {contract: {fields: {title: {owner: salesforce, cleared: leave}}}}
Says:
    contract.title does not go back to the CLM, so nothing happens there when it is emptied
    help: remove cleared
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import Cleared
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP337"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        if value.field.cleared is not Cleared.CLEAR and not value.field.to_clm:
            message = f"{value.title} does not go back to the CLM, so nothing happens there when it is emptied"
            yield Offence((*value.path, "cleared"), message, "remove cleared", of_key=True)
