"""A lifecycle has a state in the category Activated.

Without one no contract ever counts as active in Salesforce.

Bad:
    lifecycle: {states: {active: {category: InApproval}, ended: {category: InApproval}}}
Good:
    lifecycle: {states: {active: {category: Activated}}}
Says:
    no state is in the category Activated
    help: put the state of contracts in force into it
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP407"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    lifecycle = subject.spec.lifecycle
    if lifecycle is not None and all(state.category != "Activated" for state in lifecycle.states):
        yield Offence(
            ("lifecycle", "states"),
            "no state is in the category Activated",
            "put the state of contracts in force into it",
            of_key=True,
        )
