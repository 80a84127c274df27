"""An overlay's environment is one of the spec.

Bad:
    environments: {live: {kind: production, data: real}}
    overlay: {environment: production}
Good:
    environments: {live: {kind: production, data: real}}
    overlay: {environment: live}
Says:
    production is not an environment of the spec
    help: known here: live
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.shape import suggest
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP906"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    known = [environment.name for environment in subject.spec.environments]
    name = subject.spec.environment
    if name and name not in known:
        fix = suggest(name, known) if known else "add environments to the spec"
        yield Offence(("environment",), f"{name} is not an environment of the spec", fix, in_overlay=True)
