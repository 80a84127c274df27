"""An audience is one of the spec.

Bad:
    objects: {contract: {fields: {title: {audience: [readers]}}}}
Good:
    objects: {contract: {fields: {title: {audience: [reader]}}}}
Says:
    readers is not in audiences
    help: did you mean reader?
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from clmkit.mapping.findings import Severity
from clmkit.mapping.shape import suggest
from clmkit.mapping.subject import Offence, Path, Subject

CODE = "MAP602"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    known = sorted(subject.document.audiences)
    written: list[tuple[Path, list[str]]] = []
    default = subject.document.defaults.audience
    if default is not UNSET:
        written.append((("defaults", "audience"), default))
    for value in subject.values:
        for key, names in (("audience", value.block.audience), ("editors", value.block.editors)):
            if names is not UNSET:
                written.append(((*value.path, key), names))
    for path, names in written:
        for index, name in enumerate(names):
            if name not in subject.document.audiences:
                yield Offence((*path, index), f"{name} is not in audiences", suggest(name, known))
