"""A request says for which customer the agreement is.

Without the counterparty's key the CLM makes an agreement that the sync cannot place under an account.

Bad:
    requests:
      deal:
        event: {object: Opportunity, field: StageName, becomes: [Closed Won]}
        contract_type: MSA
        prefill: {title: Name}
Good:
    requests:
      deal:
        event: {object: Opportunity, field: StageName, becomes: [Closed Won]}
        contract_type: MSA
        prefill: {title: Name, counterparty.id: Account.CLM_Party_Id__c}
        needs: [title]
Says:
    the request deal does not fill counterparty.id
    help: add counterparty.id: Account.<key field> to prefill
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP427"
SEVERITY = Severity.WARNING


def check(subject: Subject) -> Iterator[Offence]:
    header = subject.spec.header
    customer = (
        next((field.clm for field in header.parents if field.reference and field.reference.object == "Account"), "")
        if header
        else ""
    )
    for request in subject.spec.requests:
        if customer and customer not in [clm for clm, _ in request.prefill]:
            message = f"the request {request.name} does not fill {customer}"
            help_text = f"add {customer}: Account.<key field> to prefill"
            yield Offence(("requests", request.name, "prefill"), message, help_text, of_key=True)
