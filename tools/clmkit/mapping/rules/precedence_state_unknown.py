"""A decision table speaks of states that the lifecycle has.

Bad:
    objects:
      contract:
        fields:
          title:
            owner: shared
            precedence: [{states: [draught], wins: salesforce}, {wins: clm}]
Good:
    objects:
      contract:
        fields:
          title:
            owner: shared
            precedence: [{states: [draft], wins: salesforce}, {wins: clm}]
Says:
    contract.title: the lifecycle has no state draught
    help: did you mean draft?
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from clmkit.mapping.findings import Severity
from clmkit.mapping.shape import suggest
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP306"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values if subject.spec.lifecycle else ():
        for index, row in enumerate(value.precedence):
            for place, state in enumerate([] if row.states is UNSET else row.states):
                if state not in subject.state_names:
                    path = (*value.path, "precedence", index, "states", place)
                    message = f"{value.title}: the lifecycle has no state {state}"
                    yield Offence(path, message, suggest(state, list(subject.state_names)))
