"""No move leads out of the category Activated.

Salesforce refuses it with FAILED_ACTIVATION; only deletion ends an activated contract. Expired and terminated are statuses of the
category Activated.

Bad:
    lifecycle: {moves: {active: [ended, draft]}}
Good:
    lifecycle: {moves: {active: [ended]}}
Says:
    the move from active to draft leaves the category Activated, which Salesforce refuses
    help: put draft into the category Activated, or remove the move
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP406"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    lifecycle = subject.spec.lifecycle
    categories = {state.name: state.category for state in lifecycle.states} if lifecycle else {}
    for before, after in lifecycle.moves if lifecycle else ():
        if categories.get(before) == "Activated" and categories.get(after, "Activated") != "Activated":
            message = f"the move from {before} to {after} leaves the category Activated, which Salesforce refuses"
            yield Offence(
                ("lifecycle", "moves", before),
                message,
                f"put {after} into the category Activated, or remove the move",
                of_key=True,
            )
