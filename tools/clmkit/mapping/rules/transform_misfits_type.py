"""A transform fills the type of its field.

Bad:
    objects: {contract: {fields: {title: {transform: us_date}}}}
Good:
    objects: {contract: {fields: {title: {transform: one_line}}}}
Says:
    contract.title is a text field, but the transform us_date fills date fields
    help: a text field takes text, one_line, single_answer, email, url, phone, sha256
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import FieldClass
from clmkit.mapping.subject import Offence, Subject, join
from clmkit.mapping.transforms import TRANSFORMS

CODE = "MAP204"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        transform = TRANSFORMS.get(value.field.transform)
        kind = value.field.type.value_kind
        if transform is None or kind in transform.fills or not value.field.clm or kind.is_filled_elsewhere:
            continue
        if value.field.field_class is FieldClass.CLM_ONLY:
            continue
        fills = join(sorted(filled.value for filled in transform.fills))
        fitting = ", ".join(name for name, row in TRANSFORMS.items() if kind in row.fills)
        message = f"{value.title} is a {kind.value} field, but the transform {transform.name} fills {fills} fields"
        yield Offence((*value.path, "transform"), message, f"a {kind.value} field takes {fitting}")
