"""The decision table of a shared field, read from the top: the first row that applies names the winner. Pure.

    find_winner(field.precedence, Circumstances(state="draft"))            # Owner, or None when the facts do not decide
    possible_winners(field.precedence, "draft")                            # over every role and every day

A row applies when its states hold the lifecycle state, one of its roles made the edit, and today lies in its window.
What is not known (who edited, the date) makes a row neither apply nor not apply: then only what follows in every case is an answer.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from clmkit.mapping.model import Owner, PrecedenceRow, Window


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a row asks for. `roles` None: nobody knows who made the edit. `dates` holds the record's dates by field name."""

    state: str | None = None
    roles: frozenset[str] | None = None
    dates: Mapping[str, datetime.date | None] = field(default_factory=dict)
    today: datetime.date | None = None


def find_winner(rows: Sequence[PrecedenceRow], facts: Circumstances) -> Owner | None:
    """Who wins; None when no row applies, or when it depends on what is not known."""
    possible: set[Owner] = set()
    for row in rows:
        applies = _applies(row, facts)
        if applies is not False:
            possible.add(row.wins)
        if applies is True:
            return row.wins if len(possible) == 1 else None
    return None


def possible_winners(rows: Sequence[PrecedenceRow], state: str) -> frozenset[Owner]:
    """Everybody who may win in a state: what a guard that knows only the state may rely on when it is one."""
    possible: set[Owner] = set()
    for row in rows:
        if state in row.states:
            possible.add(row.wins)
            if is_unconditional(row):
                break
    return frozenset(possible)


def is_unconditional(row: PrecedenceRow) -> bool:
    """Whether the state alone decides that the row applies."""
    return not row.roles and row.window is None


def is_open(window: Window, date: datetime.date, today: datetime.date) -> bool:
    """Whether today lies in the window around a date. Both ends count."""
    away = (date - today).days
    return 0 <= away <= window.days if window.before else -window.days < away <= 0


def covers(earlier: PrecedenceRow, later: PrecedenceRow) -> bool:
    """Whether a row leaves nothing to a later one: it applies whenever the later one does."""
    is_wider = not earlier.roles or (later.roles and set(later.roles) <= set(earlier.roles))
    is_longer = earlier.window is None or earlier.window == later.window
    return set(later.states) <= set(earlier.states) and bool(is_wider) and is_longer


def _applies(row: PrecedenceRow, facts: Circumstances) -> bool | None:
    """True, False, or None for not known."""
    if facts.state not in row.states:
        return False
    known = [_role_applies(row, facts), _window_applies(row, facts)]
    return False if False in known else None if None in known else True


def _role_applies(row: PrecedenceRow, facts: Circumstances) -> bool | None:
    if not row.roles:
        return True
    return None if facts.roles is None else not facts.roles.isdisjoint(row.roles)


def _window_applies(row: PrecedenceRow, facts: Circumstances) -> bool | None:
    """A record without the date lies in no window."""
    if row.window is None:
        return True
    if facts.today is None or row.window.field not in facts.dates:
        return None
    date = facts.dates[row.window.field]
    return date is not None and is_open(row.window, date, facts.today)
