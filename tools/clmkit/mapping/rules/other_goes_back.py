"""What was unknown does not come back as something known.

`Other` in Salesforce stands for many CLM values; the way back cannot choose one.

Bad:
    value_maps: {contract_kind: {unknown: other, other: Other}}
    objects: {contract: {fields: {kind: {owner: salesforce, editors: [steward]}}}}
Good:
    value_maps: {contract_kind: {unknown: park}}
    objects: {contract: {fields: {kind: {owner: salesforce, editors: [steward]}}}}
Says:
    contract.kind goes back to the CLM, but contract_kind turns every unknown value into one
    help: write unknown: park in the map, or lossy: true here
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP238"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    open_maps = {value_map.name for value_map in subject.spec.value_maps if value_map.other}
    for value in subject.values:
        name = value.field.type.value_map
        if value.field.to_clm and name in open_maps and not value.block.lossy:
            message = f"{value.title} goes back to the CLM, but {name} turns every unknown value into one"
            yield Offence(
                (*value.path, "type"), message, "write unknown: park in the map, or lossy: true here", of_key=True
            )
