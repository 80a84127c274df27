"""An escalation comes before it is too late to act.

After the last reminder there are as many days as it says; an escalation beyond them comes after the last day for notice.

Bad:
    renewal: {end: last, remind: [90, 30], steward: legal_ops, escalate: {after: 45 days, to: legal_ops}}
    objects: {contract: {fields: {last: {clm: term.end, field: CLM_Last__c, type: date, description: Last day.}}}}
Good:
    renewal: {end: last, remind: [90, 30], steward: legal_ops, escalate: {after: 14 days, to: legal_ops}}
    objects: {contract: {fields: {last: {clm: term.end, field: CLM_Last__c, type: date, description: Last day.}}}}
Says:
    the last reminder comes 30 days before, the escalation 45 days later
    help: escalate sooner, or remind earlier
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP424"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    rule = subject.spec.renewal
    if rule is not None and rule.escalate_days >= rule.remind_days[-1]:
        message = f"the last reminder comes {rule.remind_days[-1]} days before, the escalation {rule.escalate_days} days later"
        yield Offence(("renewal", "escalate", "after"), message, "escalate sooner, or remind earlier")
