"""What a special value becomes is a value of the field.

Bad:
    objects: {contract: {fields: {start: {values: {asap: tomorrow}}}}}
Good:
    objects: {contract: {fields: {start: {values: {asap: absent}}}}}
Says:
    contract.start: "tomorrow" is not a date in the form 2019-07-22
    help: write a value of the field, or null
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject
from clmkit.mapping.transforms import convert, default_transform
from clmkit.mapping.values.outcome import Refusal, Target

CODE = "MAP221"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    maps = {
        value_map.name: {row.salesforce: row.salesforce for row in value_map.values}
        for value_map in subject.spec.value_maps
    }
    for value in subject.values:
        target = Target(value.field.type, maps.get(value.field.type.value_map, {}), value.field.type.value_map)
        for clm, salesforce in value.field.special:
            outcome = convert(default_transform(value.field.type.value_kind), salesforce, target)
            if isinstance(outcome, Refusal) and not value.field.type.currency_code:
                path = (*value.path, "values", clm)
                yield Offence(
                    path, f"{value.title}: {outcome.reason.rstrip('.')}", "write a value of the field, or null"
                )
