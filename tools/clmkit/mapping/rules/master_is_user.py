"""A user is no master.

Source: Salesforce Help, Considerations for Relationships.

Bad:
    objects: {line: {parents: {contract: {match: User.Email}}}}
Good:
    objects: {line: {parents: {contract: {match: Contract.CLM_Id__c}}}}
Says:
    line.contract makes User a master, which Salesforce refuses
    help: write kind: lookup
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import FieldKind
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP511"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for column in subject.columns:
        if column.field.type.kind is FieldKind.MASTER_DETAIL and column.field.type.reference_to == "User":
            yield Offence(
                (*column.path, "kind"),
                f"{column.title} makes User a master, which Salesforce refuses",
                "write kind: lookup",
                of_key=True,
            )
