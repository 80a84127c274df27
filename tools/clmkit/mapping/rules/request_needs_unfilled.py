"""What a request needs is something that it fills.

Bad:
    requests:
      deal:
        event: {object: Opportunity, field: StageName, becomes: [Closed Won]}
        contract_type: MSA
        prefill: {title: Name, counterparty.id: Account.CLM_Party_Id__c}
        needs: [value.total]
Good:
    requests:
      deal:
        event: {object: Opportunity, field: StageName, becomes: [Closed Won]}
        contract_type: MSA
        prefill: {title: Name, counterparty.id: Account.CLM_Party_Id__c}
        needs: [title]
Says:
    the request deal needs value.total, but fills nothing there
    help: known here: title, counterparty.id
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.shape import suggest
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP426"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for request in subject.spec.requests:
        filled = [clm for clm, _ in request.prefill]
        for clm in request.needs:
            if clm not in filled:
                message = f"the request {request.name} needs {clm}, but fills nothing there"
                yield Offence(("requests", request.name, "needs"), message, suggest(clm, filled), of_key=True)
