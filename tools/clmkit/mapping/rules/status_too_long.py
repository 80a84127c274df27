"""A status fits the field.

Bad:
    lifecycle:
      states:
        active:
          status: "In force since both parties have signed it and until one of them gives notice, or its term ends, as agreed"
Good:
    lifecycle: {states: {active: {status: In force}}}
Says:
    the status of active has 106 characters; Contract.Status holds 100
    help: shorten it
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP411"
SEVERITY = Severity.ERROR
MOST_CHARACTERS = 100


def check(subject: Subject) -> Iterator[Offence]:
    lifecycle = subject.spec.lifecycle
    for state in lifecycle.states if lifecycle else ():
        if len(state.status) > MOST_CHARACTERS:
            message = f"the status of {state.name} has {len(state.status)} characters; Contract.Status holds {MOST_CHARACTERS}"
            yield Offence(("lifecycle", "states", state.name, "status"), message, "shorten it")
