"""Every steward, audience, latency and value map is used.

What nothing uses is a leftover, or a field that forgot to say it.

Bad:
    stewards: {finance: Revenue accounting}
Good:
    stewards: {finance: absent}
Says:
    nothing uses finance of stewards
    help: remove it, or use it
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import AudienceKind
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP328"
SEVERITY = Severity.WARNING


def check(subject: Subject) -> Iterator[Offence]:
    fields = [field for mapping in subject.spec.objects for field in mapping.fields]
    used = {
        "stewards": {field.steward for field in fields} | set(_deciders(subject)),
        "latency": {field.latency for field in fields},
        "value_maps": {field.type.value_map for field in fields},
        "audiences": {name for field in fields for name in field.audience} | {subject_name(subject)},
    }
    for block, names in used.items():
        for name in getattr(subject.document, block):
            if name not in names:
                yield Offence((block, name), f"nothing uses {name} of {block}", "remove it, or use it", of_key=True)


def _deciders(subject: Subject) -> Iterator[str]:
    """Stewards who approve, are reminded, or answer for an overlay."""
    spec = subject.spec
    for row in spec.approvals.rows if spec.approvals else ():
        yield from row.approvers
    if spec.renewal is not None:
        yield from (spec.renewal.steward, spec.renewal.escalate_to)
    for consent in subject.overlaid.document.accepts if subject.overlaid else ():
        yield consent.steward


def subject_name(subject: Subject) -> str:
    """The integration user: permission sets use it, no field names it."""
    return next(
        (audience.name for audience in subject.spec.audiences if audience.kind is AudienceKind.INTEGRATION_USER), ""
    )
