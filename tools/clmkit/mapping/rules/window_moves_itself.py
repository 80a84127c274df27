"""No field decides about the window that decides about it, because such a table does not always end in the same value.

Whoever wins moves the date, the date moves the window, and the window changes who wins: which value stays depends on which edit
is looked at first.

Bad:
    objects:
      contract:
        fields:
          start:
            owner: shared
            precedence: [{window: {before: start, days: 30}, wins: salesforce}, {wins: clm}]
Good:
    objects:
      contract:
        fields:
          title:
            owner: shared
            precedence: [{window: {before: start, days: 30}, wins: salesforce}, {wins: clm}]
Says:
    contract.start does not converge: on the first day of the window Salesforce wins and moves start out of it, then
        the CLM wins; looked at in the other order the CLM's date stands and Salesforce never wins
    help: let the window lie around a date with one owner
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.resolve import reachable_from
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP332"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for mapping, _, path in subject.objects:
        looks_at = {
            field.name: {row.window.field for row in field.precedence if row.window is not None}
            for field in mapping.fields
        }
        edges = tuple((name, other) for name, others in looks_at.items() for other in others)
        for name, others in looks_at.items():
            circular = sorted(other for other in others if name in reachable_from(other, edges))
            if circular:
                yield Offence(
                    (*path, "fields", name, "precedence"), _explain(mapping.name, name, circular[0]), FIX, of_key=True
                )


FIX = "let the window lie around a date with one owner"


def _explain(mapping: str, name: str, date: str) -> str:
    """The counter-example: two edits, two orders, two ends."""
    return (
        f"{mapping}.{name} does not converge: on the first day of the window Salesforce wins and moves {date} out of it,"
        " then the CLM wins; looked at in the other order the CLM's date stands and Salesforce never wins"
    )
