"""A picklist value is active or retired, not both.

Bad:
    value_maps: {contract_kind: {values: {PSA: {value: Services, active: false}}}}
Good:
    value_maps: {contract_kind: {values: {PSA: {value: Services, active: true}}}}
Says:
    the picklist value Services is active in one row and retired in another
    help: say the same in both rows
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP217"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for value_map in subject.spec.value_maps:
        seen: dict[str, bool] = {}
        for row in value_map.values:
            if seen.setdefault(row.salesforce, row.active) != row.active:
                message = f"the picklist value {row.salesforce} is active in one row and retired in another"
                yield Offence(("value_maps", value_map.name, "values", row.clm), message, "say the same in both rows")
