"""The lifecycle's own field has one owner, because a table by states cannot decide about the state.

Bad:
    objects:
      contract:
        fields:
          status:
            owner: shared
            precedence: [{states: [draft], wins: salesforce}, {wins: clm}]
Good:
    objects: {contract: {fields: {status: {owner: clm}}}}
Says:
    contract.status does not converge: the CLM moves to draft while Salesforce moves to active; in draft Salesforce
        wins, in active the CLM wins, and the two states change places for ever
    help: write owner: clm
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import FieldMapping, Owner
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP334"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        if value.field.lifecycle and value.field.owner is Owner.SHARED:
            message = f"{value.title} does not converge: {_counter_example(value.field, subject)}"
            yield Offence((*value.path, "owner"), message, "write owner: clm")


def _counter_example(field: FieldMapping, subject: Subject) -> str:
    """Two states with two winners: each side, asked in its own state, lets the other one win."""
    by_winner = {row.wins: row.states[0] for row in field.precedence if row.states}
    mine = by_winner.get(Owner.SALESFORCE, subject.state_names[0])
    theirs = by_winner.get(Owner.CLM, subject.state_names[-1])
    return (
        f"the CLM moves to {mine} while Salesforce moves to {theirs}; in {mine} Salesforce wins, in {theirs} the CLM wins,"
        " and the two states change places for ever"
    )
