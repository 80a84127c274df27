"""A consent is for something that the overlay does.

A consent that is left over would let the next weakening through unseen.

Bad:
    overlay: {accepts: [{at: objects.contract.fields.amount.audience, reason: Once upon a time., steward: legal_ops}]}
Good:
    overlay: {change: {currency: {org: EUR}}}
Says:
    nothing is weaker at objects.contract.fields.amount.audience
    help: remove the consent
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject
from clmkit.mapping.weakening import find_weakenings

CODE = "MAP902"
SEVERITY = Severity.WARNING


def check(subject: Subject) -> Iterator[Offence]:
    if subject.overlaid is None:
        return
    needed = {weakening.at for weakening in find_weakenings(subject.overlaid.base, subject.spec)}
    for index, consent in enumerate(subject.overlaid.document.accepts):
        if consent.at not in needed:
            message = f"nothing is weaker at {consent.at}"
            yield Offence(("accepts", index, "at"), message, "remove the consent", in_overlay=True)
