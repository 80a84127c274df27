"""The law of Contract.Status: a contract is activated by an update that changes nothing else.

"the Status field is the only field you can update when activating a contract" (Object Reference, Contract). A record is created
in a status of category Draft or InApproval; an update of Status alone moves it to category Activated, one way; within the
category further values (Expired, Terminated) may follow, again alone. So a row is written in steps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from clmkit.mapping.model import Lifecycle, State

ACTIVATED = "Activated"


@dataclass(frozen=True, slots=True)
class StatusSteps:
    """`with_fields` goes along with the other fields (None: leave Status out), `alone` are updates of Status only, in order."""

    with_fields: str | None
    alone: tuple[str, ...] = ()


def plan_status(lifecycle: Lifecycle, current: str | None, target: str) -> StatusSteps:
    """How Status gets from `current` (None: the record is to be created) to `target`; both are Salesforce values."""
    if current == target:
        return StatusSteps(None)
    if _category(lifecycle, target) != ACTIVATED:
        return StatusSteps(target)
    if current is not None and _category(lifecycle, current) == ACTIVATED:
        return StatusSteps(None, (target,))
    first = _first_of(lifecycle, lambda state: state.category != ACTIVATED) if current is None else None
    activated = _first_of(lifecycle, lambda state: state.category == ACTIVATED)
    return StatusSteps(first, (activated,) if activated == target else (activated, target))


def _category(lifecycle: Lifecycle, status: str) -> str:
    state = lifecycle.find_state_of_status(status)
    return state.category if state is not None else ""


def _first_of(lifecycle: Lifecycle, is_wanted: Callable[[State], bool]) -> str:
    return next(state.status for state in lifecycle.states if is_wanted(state))
