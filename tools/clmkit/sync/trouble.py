"""Whose trouble it is when the CLM refuses an agreement after all attempts: the agreement's, or the CLM's.

A CLM that answers for others is there: the agreement waits for a person, with the reason, and nothing waits with it. A CLM that
answers for nobody is away: the run ends, and time heals it. Patches are harder to tell, because a CLM that takes none for a while
still shows everything. As long as most of them are refused the run ends, so that an hour of maintenance is no heap of dead letters;
after `MOST_STOPS` runs in a row that ended so they wait for a person, because nothing is tried for ever. The same holds for what
Salesforce refuses as a whole (`carrier`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence

from clmkit.clients.errors import LoginFailed, Refused, WireError
from clmkit.clients.outcomes import Action
from clmkit.sync.intake import CLM_SOURCE
from clmkit.sync.ports import ClmSystem
from clmkit.sync.state import State

ASKED_BESIDE = 3
MOST_STOPS = 8
UNSAVED = "unsaved"
"""The cursor that counts the runs in a row that ended because Salesforce refused what it was sent as a whole, and took nothing."""
UNTAKEN = "untaken"
"""The cursor that counts the runs in a row that ended because the CLM took no patches."""


def may_pass(error: WireError) -> bool:
    """Whether time may heal it: nobody answered, the answer did not read, or the CLM says to come again."""
    if isinstance(error, Refused):
        return error.action is Action.RETRY
    return not isinstance(error, LoginFailed)


async def find_reason(clm: ClmSystem, state: State, agreement_id: str, error: WireError) -> str:
    """Why an agreement that could not be read waits for a person. Raises the error when that is no trouble of its own."""
    if isinstance(error, Refused) and error.action is Action.PARK:
        return error.outcome.reason
    if may_pass(error) and await _answers_for_others(clm, state, agreement_id):
        return f"The CLM answers, but not for this agreement, after all attempts: {error}"
    raise error


async def answers_for(clm: ClmSystem, agreement_id: str) -> bool:
    """Whether the CLM says anything about an agreement, be it that it has none."""
    return await _answers(clm.get_agreement(agreement_id))


def require_takers(state: State, untaken: Sequence[WireError], taken: int) -> None:
    """Return when what the CLM did not take, although it is there, shall wait for a person; raises what ends the run otherwise."""
    stops = int(state.get_cursor(UNTAKEN) or 0)
    if len(untaken) > max(taken, 1) and stops < MOST_STOPS:
        _count(state, stops + 1)
        raise untaken[0]
    if stops and (untaken or taken):
        _count(state, 0)


def is_hopeless(state: State) -> bool:
    """Whether so many runs ended because Salesforce took nothing that what it refuses shall wait for a person; counts this one."""
    stops = int(state.get_cursor(UNSAVED) or 0)
    if stops < MOST_STOPS:
        _count(state, stops + 1, UNSAVED)
    return stops >= MOST_STOPS


def forget_stops(state: State) -> None:
    """A run went to its end: whatever it wrote was taken, or waits for a person."""
    _count(state, 0, UNSAVED)


def _count(state: State, stops: int, cursor: str = UNTAKEN) -> None:
    with state.transaction():
        state.put_cursor(cursor, str(stops or ""))


async def _answers_for_others(clm: ClmSystem, state: State, agreement_id: str) -> bool:
    others = state.find_other_agreements(agreement_id, ASKED_BESIDE)
    for other in others:
        if await answers_for(clm, other):
            return True
    return not others and await _answers(clm.read_changes(state.get_cursor(CLM_SOURCE), 1))


async def _answers(asked: Awaitable[object]) -> bool:
    try:
        await asked
    except Refused as refused:
        return refused.action is Action.PARK
    except WireError:
        return False
    return True
