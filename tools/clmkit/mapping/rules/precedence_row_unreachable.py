"""Every row of a decision table can apply.

The row without states is the last one, and it has a state left to decide.

Bad:
    objects:
      contract:
        fields:
          title:
            owner: shared
            precedence: [{wins: clm}, {states: [draft], wins: salesforce}]
Good:
    objects:
      contract:
        fields:
          title:
            owner: shared
            precedence: [{states: [draft], wins: salesforce}, {wins: clm}]
Says:
    contract.title: row 1 decides all other states, so no row can follow it
    help: make it the last row
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from clmkit.mapping.document import PrecedenceBlock
from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP309"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values if subject.spec.lifecycle else ():
        open_rows = [index for index, row in enumerate(value.precedence) if _is_open(row)]
        for index in open_rows:
            if index != len(value.precedence) - 1:
                message = f"{value.title}: row {index + 1} decides all other states, so no row can follow it"
                yield Offence((*value.path, "precedence", index), message, "make it the last row")
            elif value.field.precedence and not value.field.precedence[index].states:
                message = f"{value.title}: row {index + 1} has no state left to decide"
                yield Offence((*value.path, "precedence", index), message, "remove the row")


def _is_open(row: PrecedenceBlock) -> bool:
    """Whether it has no condition at all."""
    return row.states is UNSET and row.roles is UNSET and row.window is UNSET
