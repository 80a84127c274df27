"""A picklist that goes back to the CLM has one CLM value per picklist value, or says `lossy: true`.

Bad:
    value_maps: {contract_kind: {values: {PSA: Services}}}
    objects: {contract: {fields: {kind: {owner: salesforce}}}}
Good:
    objects: {contract: {fields: {kind: {owner: salesforce}}}}
Says:
    contract.kind goes back to the CLM, but MSA and PSA both become Services
    help: give each its own picklist value, or add lossy: true
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP211"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        rows = subject.document.value_maps.get(value.field.type.value_map)
        if rows is None or not value.field.to_clm or value.block.lossy:
            continue
        first: dict[str, str] = {}
        for clm, target in rows.values.items():
            name = target if isinstance(target, str) else target.value
            other = first.setdefault(name, clm)
            if other != clm:
                message = f"{value.title} goes back to the CLM, but {other} and {clm} both become {name}"
                yield Offence(
                    (*value.path, "type"), message, "give each its own picklist value, or add lossy: true", of_key=True
                )
