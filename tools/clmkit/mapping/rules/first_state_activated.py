"""The first state is a draft.

Salesforce refuses to create an activated contract:
`FAILED_ACTIVATION: Choose a valid contract status and save your changes. Ask your admin for details.`

Bad:
    lifecycle: {states: {draft: {category: InApproval}}}
Good:
    lifecycle: {states: {draft: {category: Draft}}}
Says:
    the first state draft is in the category InApproval
    help: begin with a state of the category Draft
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP405"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    lifecycle = subject.spec.lifecycle
    if lifecycle is not None and lifecycle.states[0].category != "Draft":
        first = lifecycle.states[0]
        message = f"the first state {first.name} is in the category {first.category}"
        yield Offence(
            ("lifecycle", "states", first.name, "category"), message, "begin with a state of the category Draft"
        )
