"""A value map has a value that new records can take.

Bad:
    value_maps:
      contract_kind: {values: {NDA: absent, MSA: {value: Services, active: false}}}
Good:
    value_maps:
      contract_kind: {values: {NDA: absent, MSA: {value: Services, active: true}}}
Says:
    every value of the value map contract_kind is retired
    help: leave one value active
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP216"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for value_map in subject.spec.value_maps:
        if not any(row.active for row in value_map.values):
            message = f"every value of the value map {value_map.name} is retired"
            yield Offence(("value_maps", value_map.name), message, "leave one value active", of_key=True)
