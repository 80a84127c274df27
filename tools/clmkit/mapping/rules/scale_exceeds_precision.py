"""The digits after the decimal point are part of all digits.

The org says `Scale must be less than or equal to precision`; precision 18 is all that Salesforce keeps.

Bad:
    objects: {contract: {fields: {amount: {type: {currency: {precision: 4, scale: 6}}}}}}
Good:
    objects: {contract: {fields: {amount: {type: {currency: {precision: 18, scale: 2}}}}}}
Says:
    contract.amount has 6 decimals but only 4 digits in all
    help: raise precision or lower scale
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import FieldKind
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP218"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        shape = value.field.type
        if shape.scale > shape.precision and shape.kind is not FieldKind.GEOLOCATION:
            message = f"{value.title} has {shape.scale} decimals but only {shape.precision} digits in all"
            yield Offence((*value.path, "type", shape.kind.value, "scale"), message, "raise precision or lower scale")
