"""One event makes one request.

Two requests with the same event and the same conditions would make two agreements of one deal.

Bad:
    requests:
      deal:
        event: {object: Opportunity, field: StageName, becomes: [Closed Won]}
        contract_type: MSA
        prefill: {title: Name, counterparty.id: Account.CLM_Party_Id__c}
        needs: [title]
      again:
        event: {object: Opportunity, field: StageName, becomes: [Closed Won, Closed]}
        contract_type: NDA
        prefill: {title: Name, counterparty.id: Account.CLM_Party_Id__c}
Good:
    requests:
      deal:
        event: {object: Opportunity, field: StageName, becomes: [Closed Won]}
        contract_type: MSA
        prefill: {title: Name, counterparty.id: Account.CLM_Party_Id__c}
        needs: [title]
      again:
        event: {object: Opportunity, field: StageName, becomes: [Closed]}
        contract_type: NDA
        prefill: {title: Name, counterparty.id: Account.CLM_Party_Id__c}
Says:
    deal and again both start when Opportunity.StageName becomes Closed Won
    help: add a condition that tells them apart
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP428"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for first, second in itertools.combinations(subject.spec.requests, 2):
        same = (first.sobject, first.field, first.where) == (second.sobject, second.field, second.where)
        both = [value for value in second.becomes if value in first.becomes]
        if same and both:
            message = f"{first.name} and {second.name} both start when {first.sobject}.{first.field} becomes {both[0]}"
            yield Offence(
                ("requests", second.name, "event"), message, "add a condition that tells them apart", of_key=True
            )
