"""A CLM stage is one state.

Bad:
    lifecycle:
      states: {done: {clm: ACTIVE, status: Done, category: Activated}}
      moves: {active: [ended, done]}
Good:
    lifecycle:
      states: {done: {clm: DONE, status: Done, category: Activated}}
      moves: {active: [ended, done]}
Says:
    the stage ACTIVE is the state active and the state done
    help: map each stage once
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP402"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    seen: dict[str, str] = {}
    for state in subject.spec.lifecycle.states if subject.spec.lifecycle else ():
        other = seen.setdefault(state.clm, state.name)
        if other != state.name:
            message = f"the stage {state.clm} is the state {other} and the state {state.name}"
            yield Offence(("lifecycle", "states", state.name, "clm"), message, "map each stage once")
