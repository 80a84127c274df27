"""A state stands in one row of a decision table.

In two rows with two winners the field would have two owners.

Bad:
    objects:
      contract:
        fields:
          title:
            owner: shared
            precedence:
              - {states: [draft], wins: salesforce}
              - {states: [draft, active], wins: clm}
              - {wins: clm}
Good:
    objects:
      contract:
        fields:
          title:
            owner: shared
            precedence:
              - {states: [draft], wins: salesforce}
              - {states: [active], wins: clm}
              - {wins: clm}
Says:
    contract.title: the state draft stands in row 1 and in row 2
    help: name each state once
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP307"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        seen: dict[str, int] = {}
        for index, row in enumerate(value.precedence):
            if row.roles is not UNSET or row.window is not UNSET:
                continue
            for state in row.states if row.states is not UNSET else []:
                before = seen.setdefault(state, index)
                if before != index:
                    message = f"{value.title}: the state {state} stands in row {before + 1} and in row {index + 1}"
                    yield Offence(
                        (*value.path, "precedence", index, "states"), message, "name each state once", of_key=True
                    )
