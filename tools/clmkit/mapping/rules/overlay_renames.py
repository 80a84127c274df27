"""An overlay leaves the name, the prefix and the version of the spec alone.

With another prefix every component would be another one; with another version nobody could say which spec an org runs.

Bad:
    overlay: {change: {prefix: EMEA}}
Good:
    overlay: {change: {summary: The European org.}}
Says:
    prefix is the same in every org
    help: change it in the spec, or remove it here
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP904"
SEVERITY = Severity.ERROR

FIXED = ("spec", "name", "version", "prefix")


def check(subject: Subject) -> Iterator[Offence]:
    for key in FIXED if subject.overlaid else ():
        if subject.overlaid and key in subject.overlaid.document.change:
            message = f"{key} is the same in every org"
            yield Offence((key,), message, "change it in the spec, or remove it here", of_key=True)
