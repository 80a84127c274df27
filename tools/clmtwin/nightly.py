"""What the CLM does by itself when days pass: a table of duties, each of which makes a change of its own.

A duty takes an agreement and today and returns the agreement as it will be. The event says what came of it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import msgspec

from clmtwin.lifecycle import Stage
from clmtwin.model import Agreement
from clmtwin.obligations import note_overdue
from clmtwin.renewals import end_of_term
from clmtwin.twin import Twin

PAGE = 500
ACTOR = "clock"


class Night(msgspec.Struct):
    """How many agreements each outcome came to."""

    renewed: int = 0
    expired: int = 0
    terminated: int = 0
    overdue: int = 0


_TERM_OUTCOMES = {Stage.ACTIVE: "renewed", Stage.EXPIRED: "expired", Stage.TERMINATED: "terminated"}


def _term_outcome(agreement: Agreement) -> str:
    return _TERM_OUTCOMES[agreement.stage]


def _overdue(_: Agreement) -> str:
    return "overdue"


DUTIES: tuple[tuple[Callable[[Agreement, date], Agreement], Callable[[Agreement], str], str], ...] = (
    (note_overdue, _overdue, "obligation.overdue"),
    (end_of_term, _term_outcome, "agreement.{outcome}"),
)


def pass_nights(twin: Twin) -> Night:
    """Do the duties of every agreement up to the twin's clock. Doing it twice changes nothing the second time."""
    today, night, after = twin.clock.now().date(), Night(), 0
    while page := twin.store.read_agreements(after, PAGE):
        for number, agreement in page:
            after = number
            _do_duties(twin, agreement, today, night)
    return night


def _do_duties(twin: Twin, agreement: Agreement, today: date, night: Night) -> None:
    for duty, name_outcome, event in DUTIES:
        done = duty(agreement, today)
        if done != agreement:
            outcome = name_outcome(done)
            agreement = twin.commit(agreement, done, event.format(outcome=outcome), ACTOR)
            setattr(night, outcome, getattr(night, outcome) + 1)
