"""A reference matches on a key of the spec or on a field that Salesforce can look records up by.

Another field is not unique: the record would be found by chance.

Bad:
    objects: {contract: {parents: {account: {match: Account.Name}}}}
Good:
    objects: {contract: {parents: {account: {match: Account.CLM_Party_Id__c}}}}
Says:
    contract.account matches on Account.Name, which does not identify a record
    help: match on Account.CLM_Party_Id__c
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.catalogue import find_standard_field
from clmkit.mapping.findings import Severity
from clmkit.mapping.model import Role
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP502"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    keys = {(mapping.salesforce, mapping.key.salesforce) for mapping in subject.spec.objects}
    for column in subject.columns:
        reference = column.field.reference
        if reference is None or column.field.role is Role.RECORD_TYPE or (reference.object, reference.field) in keys:
            continue
        standard = find_standard_field(reference.object, reference.field)
        if standard is None or not standard.id_lookup:
            fitting = ", ".join(f"{name}.{key}" for name, key in sorted(keys) if name == reference.object)
            message = (
                f"{column.title} matches on {reference.object}.{reference.field}, which does not identify a record"
            )
            yield Offence(
                (*column.path, "match"),
                message,
                f"match on {fitting}" if fitting else f"map {reference.object} in this spec, with a key",
            )
