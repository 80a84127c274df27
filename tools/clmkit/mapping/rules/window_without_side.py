"""A window lies before a date or after it.

Bad:
    objects:
      contract:
        fields:
          title:
            owner: shared
            precedence:
              - {window: {before: start, after: start, days: 90}, wins: salesforce}
              - {wins: clm}
Good:
    objects:
      contract:
        fields:
          title:
            owner: shared
            precedence:
              - {window: {after: start, days: 90}, wins: salesforce}
              - {wins: clm}
Says:
    contract.title: the window of row 1 says before and after
    help: write one of the two
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP335"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        for index, row in enumerate(value.precedence):
            window = row.window
            if window is not UNSET and (window.before is UNSET) == (window.after is UNSET):
                said = "neither before nor after" if window.before is UNSET else "before and after"
                message = f"{value.title}: the window of row {index + 1} says {said}"
                yield Offence(
                    (*value.path, "precedence", index, "window"), message, "write one of the two", of_key=True
                )
