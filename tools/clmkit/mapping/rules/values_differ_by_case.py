"""Two picklist values differ by more than case.

The org refuses the second: `duplicate value found: [Services] is defined multiple times`.

Bad:
    value_maps: {contract_kind: {values: {PSA: services}}}
Good:
    value_maps: {contract_kind: {values: {PSA: Professional services}}}
Says:
    the picklist values Services and services differ by case only
    help: write Services in both rows
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP214"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for value_map in subject.spec.value_maps:
        seen: dict[str, str] = {}
        for row in value_map.values:
            other = seen.setdefault(row.salesforce.casefold(), row.salesforce)
            if other != row.salesforce:
                message = f"the picklist values {other} and {row.salesforce} differ by case only"
                yield Offence(("value_maps", value_map.name, "values", row.clm), message, f"write {other} in both rows")
