"""A decision table has two winners.

With one, the field is not shared: that side owns it.

Bad:
    objects:
      contract:
        fields:
          title: {owner: shared, precedence: [{states: [draft], wins: clm}, {wins: clm}]}
Good:
    objects:
      contract:
        fields:
          title:
            owner: shared
            precedence: [{states: [draft], wins: salesforce}, {wins: clm}]
Says:
    contract.title: clm wins in every state
    help: write owner: clm
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP310"
SEVERITY = Severity.WARNING


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        winners = {row.wins for row in value.field.precedence}
        if len(winners) == 1:
            winner = winners.pop().value
            yield Offence(
                (*value.path, "precedence"),
                f"{value.title}: {winner} wins in every state",
                f"write owner: {winner}",
                of_key=True,
            )
