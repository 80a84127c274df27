"""A shared value map is restricted: a global value set takes no values but its own.

Source: Salesforce Help, "Global Picklist Value Sets".

Bad:
    value_maps: {contract_kind: {shared: true, restricted: false}}
Good:
    value_maps: {contract_kind: {restricted: false}}
Says:
    the value map contract_kind is shared, so its picklists are restricted
    help: leave restricted out, or leave shared out
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP246"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for value_map in subject.spec.value_maps:
        if value_map.global_set and not value_map.restricted:
            message = f"the value map {value_map.name} is shared, so its picklists are restricted"
            path = ("value_maps", value_map.name, "restricted")
            yield Offence(path, message, "leave restricted out, or leave shared out")
