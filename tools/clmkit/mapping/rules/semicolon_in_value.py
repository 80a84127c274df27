"""Values of a multi-select picklist hold no semicolon.

Salesforce joins them with `;`, so such a value comes back as two.

Bad:
    value_maps: {contract_kind: {values: {MIX: Services; Sales}}}
    objects:
      contract: {fields: {kind: {type: {picklist: absent, multipicklist: contract_kind}}}}
Good:
    objects:
      contract: {fields: {kind: {type: {picklist: absent, multipicklist: contract_kind}}}}
Says:
    the value Services; Sales of a multi-select picklist holds a semicolon
    help: write it without the semicolon
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import FieldKind
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP212"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    used = {value.field.type.value_map for value in subject.values if value.field.type.kind is FieldKind.MULTIPICKLIST}
    for value_map in subject.spec.value_maps:
        for row in value_map.values if value_map.name in used else ():
            if ";" in row.salesforce:
                message = f"the value {row.salesforce} of a multi-select picklist holds a semicolon"
                yield Offence(
                    ("value_maps", value_map.name, "values", row.clm), message, "write it without the semicolon"
                )
