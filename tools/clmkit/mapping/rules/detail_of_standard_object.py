"""A master-detail stands on a custom object.

Salesforce's own objects cannot become details; Contract can be a master.

Bad:
    objects: {contract: {parents: {account: {kind: master_detail}}}}
Good:
    objects: {contract: {parents: {account: {kind: lookup}}}}
Says:
    contract.account makes Contract a detail, which only custom objects can be
    help: write kind: lookup
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import FieldKind
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP509"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for column in subject.columns:
        if column.field.type.kind is FieldKind.MASTER_DETAIL and not column.mapping.custom:
            message = f"{column.title} makes {column.mapping.salesforce} a detail, which only custom objects can be"
            yield Offence((*column.path, "kind"), message, "write kind: lookup")
