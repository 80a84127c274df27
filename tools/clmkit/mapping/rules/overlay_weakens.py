"""An overlay weakens who sees, owns or keeps a field only with consent.

Otherwise one org would see what the spec keeps from people, and nobody would have decided so. `accepts` names the key, the
reason and who answers for it.

Bad:
    objects: {contract: {fields: {amount: {audience: [steward]}}}}
    overlay: {change: {objects: {contract: {fields: {amount: {audience: [reader, steward]}}}}}}
Good:
    objects: {contract: {fields: {amount: {audience: [steward]}}}}
    overlay:
      change: {objects: {contract: {fields: {amount: {audience: [reader, steward]}}}}}
      accepts: [{at: objects.contract.fields.amount.audience, reason: Sales works on commission there., steward: legal_ops}]
Says:
    contract.amount: reader may read it, too
    help: undo it, or add to accepts: {at: objects.contract.fields.amount.audience, reason: ..., steward: ...}
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject
from clmkit.mapping.weakening import find_weakenings

CODE = "MAP901"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    if subject.overlaid is None:
        return
    accepted = {consent.at for consent in subject.overlaid.document.accepts}
    for weakening in find_weakenings(subject.overlaid.base, subject.spec):
        if weakening.at not in accepted:
            path = (*weakening.path, weakening.key) if weakening.key else weakening.path
            help_text = f"undo it, or add to accepts: {{at: {weakening.at}, reason: ..., steward: ...}}"
            yield Offence(path, weakening.says, help_text, of_key=True)
