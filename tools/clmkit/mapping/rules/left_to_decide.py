"""Nothing that an import could not know is left to be decided.

`clmkit import` writes `to_be_decided` where no org tells the CLM's path, and `to_be_named` for a steward or a special text.

Bad:
    objects: {contract: {fields: {title: {clm: to_be_decided.title}}}}
Good:
    objects: {contract: {fields: {title: {clm: title}}}}
Says:
    contract.title: which CLM path holds it is still to be decided
    help: write the path that the CLM gives the value at
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP339"
SEVERITY = Severity.WARNING
UNDECIDED, UNNAMED = "to_be_decided", "to_be_named"


def check(subject: Subject) -> Iterator[Offence]:
    if UNNAMED in dict(subject.spec.stewards):
        message = "who decides parked values and conflicts is still to be decided"
        yield Offence(("stewards", UNNAMED), message, "name the role: legal_ops: Legal operations", of_key=True)
    if any(audience.name == UNNAMED for audience in subject.spec.audiences):
        message = "who may read the fields that no permission set opens is still to be decided"
        yield Offence(("audiences", UNNAMED), message, "name the people: sales: {label: Sales}", of_key=True)
    for column in subject.columns:
        if UNDECIDED in column.field.clm.lstrip("/").split("."):
            message = f"{column.title}: which CLM path holds it is still to be decided"
            yield Offence((*column.path, "clm"), message, "write the path that the CLM gives the value at")
        if any(text == UNNAMED for text, _ in column.field.special):
            message = f"{column.title}: which CLM text sets {column.field.flag} is still to be decided"
            yield Offence((*column.path, "values"), message, "write the text instead of to_be_named: {perpetual: null}")
