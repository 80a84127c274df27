"""Two picklist values of one map have two labels.

Users could not tell them apart.

Bad:
    value_maps: {contract_kind: {values: {PSA: {value: Professional, label: Services}}}}
Good:
    value_maps:
      contract_kind: {values: {PSA: {value: Professional, label: Professional services}}}
Says:
    the picklist values Services and Professional have the same label Services
    help: give one of them another label
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP215"
SEVERITY = Severity.WARNING


def check(subject: Subject) -> Iterator[Offence]:
    for value_map in subject.spec.value_maps:
        seen: dict[str, str] = {}
        for row in value_map.picklist:
            other = seen.setdefault(row.label.casefold(), row.salesforce)
            if other != row.salesforce:
                message = f"the picklist values {other} and {row.salesforce} have the same label {row.label}"
                yield Offence(
                    ("value_maps", value_map.name, "values", row.clm), message, "give one of them another label"
                )
