"""`required` stands on a created field whose type can be required.

A checkbox always has a value, long text can be empty, and Salesforce decides for its own fields.

Bad:
    objects: {contract: {fields: {start: {required: true, blank: park_row}}}}
Good:
    objects: {contract: {fields: {title: {required: true, blank: park_row}}}}
Says:
    contract.start is not created by this spec and cannot be made required
    help: remove required
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import FieldKind, Origin
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP719"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    never = (FieldKind.CHECKBOX, FieldKind.LONG_TEXT, FieldKind.HTML, FieldKind.HIERARCHY, FieldKind.EXTERNAL_LOOKUP)
    for value in subject.values:
        if value.block.required and (value.field.type.kind in never or value.field.origin is not Origin.CREATED):
            why = (
                f"a {value.field.type.kind.value} field"
                if value.field.type.kind in never
                else "not created by this spec"
            )
            yield Offence(
                (*value.path, "required"),
                f"{value.title} is {why} and cannot be made required",
                "remove required",
                of_key=True,
            )
