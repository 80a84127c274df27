"""A formula over text or dates has no digits to count.

The org says: `Can not specify 'precision' for a CustomField of type Date`. ASSUMED for formulas: read off plain fields.

Bad:
    objects:
      contract:
        fields:
          last: {field: CLM_Last__c, type: {formula: {returns: date, scale: 0, formula: EndDate}}, description: Day.}
Good:
    objects:
      contract:
        fields: {last: {field: CLM_Last__c, type: {formula: {returns: date, formula: EndDate}}, description: Day.}}
Says:
    contract.last returns date, which has no scale
    help: remove scale
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from clmkit.mapping.document import FormulaMeasure, TypeBlock
from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP236"
SEVERITY = Severity.ERROR

COUNTED = ("number", "currency", "percent")
DEFAULTS = FormulaMeasure(returns="number", formula="0")


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        measure = value.block.type.formula if isinstance(value.block.type, TypeBlock) else UNSET
        if measure is UNSET or measure.returns in COUNTED:
            continue
        for key in ("precision", "scale", "blanks"):
            if getattr(measure, key) != getattr(DEFAULTS, key):
                message = f"{value.title} returns {measure.returns}, which has no {key}"
                yield Offence((*value.path, "type", "formula", key), message, f"remove {key}", of_key=True)
