"""A field that the kit creates has a type.

Salesforce cannot guess a type, and a wrong guess cannot be changed once the field holds data.

Bad:
    objects: {contract: {fields: {title: {type: absent}}}}
Good:
    objects: {contract: {fields: {title: {type: {text: 255}}}}}
Says:
    contract.title creates CLM_Title__c without a type
    help: add type: text, date, {picklist: ...}
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from clmkit.mapping.catalogue import is_custom
from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP201"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        untyped = value.block.type is UNSET and value.block.match is UNSET
        if untyped and is_custom(value.field.salesforce):
            yield Offence(
                value.path,
                f"{value.title} creates {value.field.salesforce} without a type",
                "add type: text, date, {picklist: ...}",
                of_key=True,
            )
