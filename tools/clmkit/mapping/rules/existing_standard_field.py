"""`existing` stands on a custom field.

Salesforce's own fields always exist.

Bad:
    objects: {contract: {fields: {start: {existing: true}}}}
Good:
    objects: {contract: {fields: {title: {existing: true}}}}
Says:
    contract.start is Salesforce's own field
    help: remove existing
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.catalogue import is_custom
from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP708"
SEVERITY = Severity.WARNING


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        if value.block.existing and not is_custom(value.field.salesforce):
            yield Offence(
                (*value.path, "existing"), f"{value.title} is Salesforce's own field", "remove existing", of_key=True
            )
