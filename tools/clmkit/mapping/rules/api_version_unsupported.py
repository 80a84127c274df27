"""The API version is one that orgs of today know.

Versions to 40 retire; a version above the org's is refused with `Invalid version specified`.

Bad:
    api_version: "35.0"
Good:
    api_version: "66.0"
Says:
    the API version 35.0 is outside 60.0 to 68.0
    help: write 66.0, which every org of today knows
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP722"
SEVERITY = Severity.ERROR
OLDEST = 60
NEWEST = 68


def check(subject: Subject) -> Iterator[Offence]:
    version = int(subject.spec.api_version.partition(".")[0])
    if not OLDEST <= version <= NEWEST:
        message = f"the API version {subject.spec.api_version} is outside {OLDEST}.0 to {NEWEST}.0"
        yield Offence(("api_version",), message, "write 66.0, which every org of today knows")
