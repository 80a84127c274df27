"""One mapping fills a Salesforce object.

Two would not know each other's keys.

Bad:
    objects:
      again:
        clm: agreements.other
        salesforce: Account
        owner: salesforce
        key: {clm: id, field: CLM_Other_Id__c, case_sensitive: true}
Good:
    objects:
      again:
        clm: agreements.other
        salesforce: Contact
        owner: salesforce
        key: {clm: id, field: CLM_Other_Id__c, case_sensitive: true}
Says:
    again and account both fill Account
    help: join the two mappings
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP515"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    first: dict[str, str] = {}
    for mapping, _, path in subject.objects:
        other = first.setdefault(mapping.salesforce.casefold(), mapping.name)
        if other != mapping.name:
            yield Offence(
                (*path, "salesforce"),
                f"{mapping.name} and {other} both fill {mapping.salesforce}",
                "join the two mappings",
            )
