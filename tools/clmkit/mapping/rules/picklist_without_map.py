"""A picklist field knows its values.

Salesforce's own picklists have values that an org can change, so the spec says which CLM value becomes which.

Bad:
    objects: {contract: {fields: {notice: {clm: notice, field: OwnerExpirationNotice}}}}
Good:
    objects:
      contract:
        fields:
          notice:
            clm: notice
            field: OwnerExpirationNotice
            type: {picklist: contract_kind}
Says:
    contract.notice fills the picklist OwnerExpirationNotice without a value map
    help: add type: {picklist: <name in value_maps>}
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import FieldKind
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP210"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    picklists = (FieldKind.PICKLIST, FieldKind.MULTIPICKLIST)
    for value in subject.values:
        if value.field.type.kind in picklists and not value.field.type.value_map and not value.field.lifecycle:
            message = f"{value.title} fills the picklist {value.field.salesforce} without a value map"
            yield Offence(value.path, message, "add type: {picklist: <name in value_maps>}", of_key=True)
