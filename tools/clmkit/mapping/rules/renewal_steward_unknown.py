"""Reminders and escalations go to stewards of the spec.

Bad:
    renewal: {end: last, remind: [90, 30], steward: sales}
    objects: {contract: {fields: {last: {clm: term.end, field: CLM_Last__c, type: date, description: Last day.}}}}
Good:
    renewal: {end: last, remind: [90, 30], steward: legal_ops}
    objects: {contract: {fields: {last: {clm: term.end, field: CLM_Last__c, type: date, description: Last day.}}}}
Says:
    reminders go to sales, who is not a steward
    help: known here: legal_ops
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.shape import suggest
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP423"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    rule = subject.spec.renewal
    stewards = [name for name, _ in subject.spec.stewards]
    if rule is not None and rule.steward not in stewards:
        message = f"reminders go to {rule.steward}, who is not a steward"
        yield Offence(("renewal", "steward"), message, suggest(rule.steward, stewards))
    if rule is not None and rule.escalate_to and rule.escalate_to not in stewards:
        message = f"escalations go to {rule.escalate_to}, who is not a steward"
        yield Offence(("renewal", "escalate", "to"), message, suggest(rule.escalate_to, stewards))
