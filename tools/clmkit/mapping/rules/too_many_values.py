"""A restricted picklist has at most 1,000 values, retired ones included.

Source: Salesforce Help, Picklist Limits.

Bad:
    generate: {value_map: contract_kind, count: 1001}
Good:
    generate: {value_map: contract_kind, count: 1000}
Says:
    the value map contract_kind has 1001 picklist values; a restricted picklist has at most 1000
    help: use a text field, or split the list
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP213"
SEVERITY = Severity.ERROR
MOST_VALUES = 1000


def check(subject: Subject) -> Iterator[Offence]:
    for value_map in subject.spec.value_maps:
        count = len(value_map.picklist)
        if value_map.restricted and count > MOST_VALUES:
            message = f"the value map {value_map.name} has {count} picklist values; a restricted picklist has at most {MOST_VALUES}"
            yield Offence(("value_maps", value_map.name), message, "use a text field, or split the list", of_key=True)
