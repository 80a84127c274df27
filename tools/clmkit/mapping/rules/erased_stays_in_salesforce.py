"""What the CLM erases is erased in Salesforce.

An erased value is an empty one: with `blank: leave` or `park_value` the copy in Salesforce stays for ever.

Bad:
    retention: {law: {keep: 7 years, after: [ended], then: erase}}
    defaults: {retention: law}
    objects: {contract: {fields: {title: {blank: leave}}}}
Good:
    retention: {law: {keep: 7 years, after: [ended], then: erase}}
    defaults: {retention: law}
    objects: {contract: {fields: {title: {blank: clear}}}}
Says:
    contract.title is erased in the CLM by law, but blank: leave keeps Salesforce's copy
    help: write blank: clear
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import Blank, Disposal
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP909"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    erasing = {rule.name for rule in subject.spec.retention if rule.then is not Disposal.REVIEW}
    for value in subject.values:
        field = value.field
        stays = field.to_salesforce and field.blank is not Blank.CLEAR and not field.required and not field.lifecycle
        if field.retention in erasing and stays:
            kept = f"blank: {field.blank.value} keeps Salesforce's copy"
            message = f"{value.title} is erased in the CLM by {field.retention}, but {kept}"
            yield Offence((*value.path, "blank"), message, "write blank: clear", of_key=True)
