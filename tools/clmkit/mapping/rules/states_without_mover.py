"""Only a field that people may change names the states in which they may.

What the CLM owns people never change in Salesforce, in no state.

Bad:
    objects: {contract: {fields: {title: {states: [draft]}}}}
Good:
    objects: {contract: {fields: {title: {owner: salesforce, states: [draft]}}}}
Says:
    contract.title is the CLM's, so no state lets people change it
    help: remove states
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import ObjectKind, Owner
from clmkit.mapping.shape import suggest
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP336"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        if value.block.states is UNSET:
            continue
        if value.field.owner is Owner.CLM or value.mapping.kind is not ObjectKind.HEADER:
            what = "is the CLM's" if value.field.owner is Owner.CLM else "stands on an object without a lifecycle"
            message = f"{value.title} {what}, so no state lets people change it"
            yield Offence((*value.path, "states"), message, "remove states", of_key=True)
        for state in value.block.states:
            if state not in subject.state_names:
                message = f"{value.title} may change in {state}, which is not a state"
                yield Offence((*value.path, "states"), message, suggest(state, list(subject.state_names)), of_key=True)
