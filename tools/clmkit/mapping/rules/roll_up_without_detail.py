"""A roll-up counts the records of a detail object of the spec.

Its detail has this object as its master: `kind: master_detail`. The org says: `Must specify the name in the
CustomObject.CustomField format (e.g. Account.MyNewCustomField)`.

Bad:
    objects:
      contract:
        fields: {lines: {field: CLM_Lines__c, type: {roll_up: {of: account, operation: count}}, description: How many.}}
Good:
    objects:
      contract:
        fields: {lines: {field: CLM_Lines__c, type: {roll_up: {of: line, operation: count}}, description: How many.}}
Says:
    contract.lines counts Account, which is no detail of Contract
    help: name an object of the spec whose parent is this one, as master_detail
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP233"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        roll_up = value.field.type.roll_up
        if roll_up is not None and not roll_up.through:
            message = f"{value.title} counts {roll_up.object}, which is no detail of {value.mapping.salesforce}"
            help_text = "name an object of the spec whose parent is this one, as master_detail"
            yield Offence((*value.path, "type", "roll_up", "of"), message, help_text)
