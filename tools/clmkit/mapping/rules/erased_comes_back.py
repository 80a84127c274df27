"""What the CLM erases does not come back from Salesforce.

Where Salesforce holds the field an emptied CLM value is an edit of the other side, and the sync puts it back.

Bad:
    retention: {law: {keep: 7 years, after: [ended], then: erase}}
    defaults: {retention: law}
    objects: {contract: {fields: {title: {owner: salesforce}}}}
Good:
    retention: {law: {keep: 7 years, after: [ended], then: review}}
    defaults: {retention: law}
    objects: {contract: {fields: {title: {owner: salesforce}}}}
Says:
    contract.title comes back: law empties it in the CLM, but Salesforce holds it, and the sync restores it
    help: let the CLM win in the states of the retention, or write then: review
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import Disposal, FieldMapping, Owner, Retention
from clmkit.mapping.precedence import possible_winners
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP910"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    rules = {rule.name: rule for rule in subject.spec.retention if rule.then is not Disposal.REVIEW}
    for value in subject.values:
        rule = rules.get(value.field.retention)
        holder = _salesforce_holds(value.field, rule) if rule else ""
        if rule and value.field.to_clm and holder:
            message = (
                f"{value.title} comes back: {rule.name} empties it in the CLM, {holder} Salesforce holds it, and the sync"
                " restores it"
            )
            help_text = "let the CLM win in the states of the retention, or write then: review"
            yield Offence((*value.path, "owner"), message, help_text, of_key=True)


def _salesforce_holds(field: FieldMapping, rule: Retention) -> str:
    if field.owner is Owner.SALESFORCE:
        return "but"
    held = [state for state in rule.states if Owner.SALESFORCE in possible_winners(field.precedence, state)]
    return f"but in {held[0]}" if held else ""
