"""Every stage that the CLM can send has a state, and every state has such a stage.

An agreement in a stage without a state would be parked on the day it comes. `stages` is the CLM's own list.

Bad:
    lifecycle:
      stages: [DRAFT, ACTIVE, ENDED, ON_HOLD]
Good:
    lifecycle:
      stages: [DRAFT, ACTIVE, ENDED]
Says:
    the CLM's stage ON_HOLD has no state
    help: add a state with clm: ON_HOLD
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from clmkit.mapping.findings import Severity
from clmkit.mapping.shape import suggest
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP414"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    lifecycle = subject.document.lifecycle
    if lifecycle is UNSET or not lifecycle.stages:
        return
    mapped = {state.clm for state in lifecycle.states.values()}
    for stage in lifecycle.stages:
        if stage not in mapped:
            message = f"the CLM's stage {stage} has no state"
            yield Offence(("lifecycle", "stages"), message, f"add a state with clm: {stage}", of_key=True)
    for name, state in lifecycle.states.items():
        if state.clm not in lifecycle.stages:
            message = f"the state {name} stands for {state.clm}, which is not a stage of the CLM"
            yield Offence(("lifecycle", "states", name, "clm"), message, suggest(state.clm, lifecycle.stages))
