"""A field without `__c` is one that Salesforce ships.

`Could not resolve standard field's name.`

Bad:
    objects: {contract: {fields: {start: {field: BeginDate}}}}
Good:
    objects: {contract: {fields: {start: {field: StartDate}}}}
Says:
    contract.start: Contract has no standard field BeginDate
    help: did you mean EndDate? A field of your own ends with __c
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.catalogue import is_custom, standard_objects
from clmkit.mapping.findings import Severity
from clmkit.mapping.model import Role
from clmkit.mapping.shape import suggest
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP704"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for column in subject.columns:
        standard = standard_objects().get(column.mapping.salesforce)
        name = column.field.salesforce
        is_record_name = (column.mapping.custom and name == "Name") or column.field.role is Role.RECORD_TYPE
        if is_custom(name) or is_record_name or (standard is None and not column.mapping.custom):
            continue
        known = sorted(standard.fields) if standard else ["Name"]
        if name not in known:
            message = f"{column.title}: {column.mapping.salesforce} has no standard field {name}"
            yield Offence((*column.path, "field"), message, f"{suggest(name, known)} A field of your own ends with __c")
