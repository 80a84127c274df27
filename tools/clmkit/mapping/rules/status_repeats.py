"""A Salesforce status is one state, also when case is ignored.

Otherwise the way back is ambiguous, and the org refuses values that differ by case only.

Bad:
    lifecycle:
      states: {done: {clm: DONE, status: activated, category: Activated}}
      moves: {active: [ended, done]}
Good:
    lifecycle:
      states: {done: {clm: DONE, status: Done, category: Activated}}
      moves: {active: [ended, done]}
Says:
    the status activated is the state active and the state done
    help: give each state its own status
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP403"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    seen: dict[str, str] = {}
    for state in subject.spec.lifecycle.states if subject.spec.lifecycle else ():
        other = seen.setdefault(state.status.casefold(), state.name)
        if other != state.name:
            message = f"the status {state.status} is the state {other} and the state {state.name}"
            yield Offence(("lifecycle", "states", state.name, "status"), message, "give each state its own status")
