"""Record types of opportunities, leads, cases and solutions need a business process, which is not generated.

The org says: `Required field is missing: businessProcess`.

Bad:
    objects:
      account:
        salesforce: Opportunity
        fields: {name: absent}
        record_types: {clm: kind, types: {nda: {label: NDA, for: [NDA]}}}
      contract: {parents: {account: absent}}
    lifecycle: {frozen_after: {active: [start]}}
Good:
    objects: {contract: {record_types: {clm: kind, types: {nda: {label: NDA, for: [NDA]}}}}}
Says:
    a record type of Opportunity needs a business process, which belongs to the org
    help: remove record_types
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP520"
SEVERITY = Severity.ERROR

WITH_PROCESS = ("Case", "Lead", "Opportunity", "Solution")


def check(subject: Subject) -> Iterator[Offence]:
    for mapping, _, path in subject.objects:
        if mapping.record_types and mapping.salesforce in WITH_PROCESS:
            message = f"a record type of {mapping.salesforce} needs a business process, which belongs to the org"
            yield Offence((*path, "record_types"), message, "remove record_types", of_key=True)
