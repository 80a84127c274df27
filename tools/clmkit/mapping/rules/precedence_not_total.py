"""A decision table answers for every state.

Bad:
    objects:
      contract:
        fields: {title: {owner: shared, precedence: [{states: [draft], wins: salesforce}]}}
Good:
    objects:
      contract:
        fields:
          title:
            owner: shared
            precedence: [{states: [draft], wins: salesforce}, {wins: clm}]
Says:
    contract.title: nobody wins in the state active, and in 1 more
    help: end the table with a row without states: {wins: clm}
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.precedence import is_unconditional
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP308"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        if not value.field.precedence:
            continue
        named = {state for row in value.field.precedence if is_unconditional(row) for state in row.states}
        missing = [state for state in subject.state_names if state not in named]
        if missing:
            message = f"{value.title}: nobody wins in the state {missing[0]}"
            more = f", and in {len(missing) - 1} more" if len(missing) > 1 else ""
            yield Offence(
                (*value.path, "precedence"),
                f"{message}{more}",
                "end the table with a row without states: {wins: clm}",
                of_key=True,
            )
