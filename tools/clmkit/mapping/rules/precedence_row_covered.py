"""No row of a decision table lies behind one that says more.

Rows are read from the top: what an earlier row decides in every case, a later one never decides.

Bad:
    objects:
      contract:
        fields:
          title:
            owner: shared
            precedence:
              - {roles: [reader, steward], wins: salesforce}
              - {roles: [steward], wins: clm}
              - {wins: clm}
Good:
    objects:
      contract:
        fields:
          title:
            owner: shared
            precedence:
              - {roles: [steward], wins: clm}
              - {roles: [reader, steward], wins: salesforce}
              - {wins: clm}
Says:
    contract.title: row 2 is never reached; row 1 decides all of it
    help: move it above row 1, or remove it
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.precedence import covers, is_unconditional
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP333"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        rows = value.field.precedence
        for index, row in enumerate(rows):
            before = next((place for place in range(index) if row.states and covers(rows[place], row)), None)
            if before is not None and not (is_unconditional(row) and is_unconditional(rows[before])):
                message = f"{value.title}: row {index + 1} is never reached; row {before + 1} decides all of it"
                yield Offence(
                    (*value.path, "precedence", index), message, f"move it above row {before + 1}, or remove it"
                )
