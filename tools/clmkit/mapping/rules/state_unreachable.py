"""An agreement can get to every state from the first one.

Bad:
    lifecycle: {states: {lost: {clm: LOST, status: Lost, category: Draft}}}
Good:
    lifecycle:
      states: {lost: {clm: LOST, status: Lost, category: Draft}}
      moves: {draft: [active, lost]}
Says:
    no move leads from draft to lost
    help: add lost to the moves of a state before it
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.resolve import reachable_from
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP404"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    lifecycle = subject.spec.lifecycle
    if lifecycle is None:
        return
    reached = reachable_from(lifecycle.states[0].name, lifecycle.moves)
    for state in lifecycle.states:
        if state.name not in reached:
            message = f"no move leads from {lifecycle.states[0].name} to {state.name}"
            yield Offence(
                ("lifecycle", "states", state.name),
                message,
                f"add {state.name} to the moves of a state before it",
                of_key=True,
            )
