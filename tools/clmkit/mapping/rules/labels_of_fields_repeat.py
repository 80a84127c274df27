"""Two created fields of one object have two labels.

Bad:
    objects: {contract: {fields: {title: {label: CLM Version}}}}
Good:
    objects: {contract: {fields: {title: {label: Title}}}}
Says:
    contract.title and contract.version have the same label CLM Version
    help: give one of them another label
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import Origin
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP714"
SEVERITY = Severity.WARNING


def check(subject: Subject) -> Iterator[Offence]:
    for mapping, _, _ in subject.objects:
        seen: dict[str, str] = {}
        for field in mapping.created:
            seen.setdefault(field.label.casefold(), field.name)
        if len(seen) == len(mapping.created):
            continue
        for column in subject.columns:
            other = seen.get(column.field.label.casefold())
            if (
                column.mapping is mapping
                and column.field.origin is Origin.CREATED
                and other not in (None, column.field.name)
            ):
                message = f"{column.title} and {mapping.name}.{other} have the same label {column.field.label}"
                yield Offence(column.path, message, "give one of them another label", of_key=True)
