"""A request names fields that the object has.

Fields of Salesforce's own objects are known; a custom field (`__c`) is taken as written.

Bad:
    requests:
      deal:
        event: {object: Opportunity, field: Stage, becomes: [Closed Won]}
        contract_type: MSA
        prefill: {title: Name, counterparty.id: Account.CLM_Party_Id__c}
        needs: [title]
Good:
    requests:
      deal:
        event: {object: Opportunity, field: StageName, becomes: [Closed Won]}
        contract_type: MSA
        prefill: {title: Name, counterparty.id: Account.CLM_Party_Id__c}
        needs: [title]
Says:
    Opportunity has no field Stage
    help: did you mean StageName?
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.catalogue import is_custom, standard_objects
from clmkit.mapping.findings import Severity
from clmkit.mapping.shape import suggest
from clmkit.mapping.subject import Offence, Path, Subject

CODE = "MAP425"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for request in subject.spec.requests:
        path: Path = ("requests", request.name)
        named = [(request.field, (*path, "event", "field"))]
        named += [(condition.field, (*path, "where")) for condition in request.where]
        named += [(field, (*path, "prefill", clm)) for clm, field in request.prefill]
        for name, place in named:
            standard = standard_objects().get(request.sobject)
            if standard is not None and not is_custom(name) and "." not in name and name not in standard.fields:
                message = f"{request.sobject} has no field {name}"
                yield Offence(place, message, suggest(name, sorted(standard.fields)))
