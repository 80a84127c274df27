"""A picklist names a value map that the spec has.

Bad:
    objects: {contract: {fields: {kind: {type: {picklist: kinds}}}}}
Good:
    objects: {contract: {fields: {kind: {type: {picklist: contract_kind}}}}}
Says:
    contract.kind names the value map kinds, which does not exist
    help: known here: contract_kind
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.shape import suggest
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP209"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    known = sorted(subject.document.value_maps)
    for value in subject.values:
        name = value.field.type.value_map
        if name and name not in subject.document.value_maps:
            path = (*value.path, "type", value.field.type.kind.value)
            yield Offence(path, f"{value.title} names the value map {name}, which does not exist", suggest(name, known))
