"""`unique` stands on a text, number or email field.

Source: Metadata API Developer Guide, CustomField.

Bad:
    objects: {contract: {fields: {kind: {unique: true}}}}
Good:
    objects: {contract: {fields: {title: {unique: true}}}}
Says:
    contract.kind is a picklist field and cannot be unique
    help: remove unique
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import FieldKind
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP721"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    can = (FieldKind.TEXT, FieldKind.NUMBER, FieldKind.EMAIL)
    for value in subject.values:
        if value.block.unique and value.field.type.kind not in can:
            message = f"{value.title} is a {value.field.type.kind.value} field and cannot be unique"
            yield Offence((*value.path, "unique"), message, "remove unique", of_key=True)
