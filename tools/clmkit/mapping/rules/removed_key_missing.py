"""An overlay removes what the spec has.

Bad:
    overlay: {remove: [objects.contract.fields.titel]}
Good:
    overlay: {remove: [objects.contract.fields.title]}
Says:
    the spec has no key objects.contract.fields.titel
    help: correct the path, or remove it
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.layers import has
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP905"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    overlaid = subject.overlaid
    for index, path in enumerate(overlaid.document.remove if overlaid else ()):
        if overlaid and not has(overlaid.base_data, path.split(".")):
            message = f"the spec has no key {path}"
            yield Offence(("remove", index), message, "correct the path, or remove it", in_overlay=True)
