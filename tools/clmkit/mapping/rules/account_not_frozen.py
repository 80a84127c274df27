"""A contract's account is frozen once it can be activated.

Salesforce locks AccountId of an activated contract: a push that changes it would fail for good.

Bad:
    lifecycle: {frozen_after: absent}
Good:
    lifecycle: {frozen_after: {active: [account]}}
Says:
    contract.account may change in the state active, but Salesforce locks it once a contract is activated
    help: add frozen_after: {active: [account]} to the lifecycle
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP412"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    lifecycle = subject.spec.lifecycle
    activated = [state.name for state in lifecycle.states if state.category == "Activated"] if lifecycle else []
    for column in subject.columns:
        if (column.mapping.salesforce, column.field.salesforce) == (
            "Contract",
            "AccountId",
        ) and column.field.to_salesforce:
            loose = [state for state in activated if state not in column.field.frozen_from]
            if loose:
                message = f"{column.title} may change in the state {loose[0]}, but Salesforce locks it once a contract is activated"
                yield Offence(
                    column.path,
                    message,
                    f"add frozen_after: {{{loose[0]}: [{column.field.name}]}} to the lifecycle",
                    of_key=True,
                )
