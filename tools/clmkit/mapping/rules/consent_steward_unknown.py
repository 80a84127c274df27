"""A steward of the spec answers for a consent.

Bad:
    overlay:
      change: {objects: {contract: {fields: {amount: {owner: salesforce}}}}}
      accepts: [{at: objects.contract.fields.amount.owner, reason: Their CRM holds it., steward: emea}]
Good:
    overlay: {change: {currency: {org: EUR}}}
Says:
    emea is not a steward
    help: known here: legal_ops
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.shape import suggest
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP903"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    stewards = [name for name, _ in subject.spec.stewards]
    for index, consent in enumerate(subject.overlaid.document.accepts if subject.overlaid else ()):
        if consent.steward not in stewards:
            message = f"{consent.steward} is not a steward"
            yield Offence(("accepts", index, "steward"), message, suggest(consent.steward, stewards), in_overlay=True)
