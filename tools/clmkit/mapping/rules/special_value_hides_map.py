"""A special value is not also in the value map.

The special value is looked at first, so the row of the map would never be used.

Bad:
    objects: {contract: {fields: {kind: {values: {NDA: null}}}}}
Good:
    objects: {contract: {fields: {kind: {values: {unknown: null}}}}}
Says:
    contract.kind: NDA is a special value and stands in the value map contract_kind
    help: keep one of the two
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP222"
SEVERITY = Severity.WARNING


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        rows = subject.document.value_maps.get(value.field.type.value_map)
        for clm, _ in value.field.special:
            if rows is not None and clm in rows.values:
                message = (
                    f"{value.title}: {clm} is a special value and stands in the value map {value.field.type.value_map}"
                )
                yield Offence((*value.path, "values", clm), message, "keep one of the two", of_key=True)
