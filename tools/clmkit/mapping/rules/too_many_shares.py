"""An object has at most 50 sharing rules by criteria, and 300 in all.

Source: Salesforce Help, Sharing Rule Considerations.

Bad:
    generate: {object: line, shares: 51}
    objects: {line: {parents: {contract: {kind: lookup}}, sharing: Private}}
Good:
    generate: {object: line, shares: 50}
    objects: {line: {parents: {contract: {kind: lookup}}, sharing: Private}}
Says:
    CLM_Line__c gets 51 sharing rules; Salesforce allows 50
    help: share with fewer groups, or with groups of groups
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP726"
SEVERITY = Severity.ERROR

MOST_BY_CRITERIA = 50
MOST_SHARES = 300


def check(subject: Subject) -> Iterator[Offence]:
    for mapping, _, path in subject.objects:
        conditional = sum(bool(share.where) for share in mapping.shares)
        for count, most in ((conditional, MOST_BY_CRITERIA), (len(mapping.shares), MOST_SHARES)):
            if count > most:
                message = f"{mapping.salesforce} gets {count} sharing rules; Salesforce allows {most}"
                yield Offence(
                    (*path, "shares"), message, "share with fewer groups, or with groups of groups", of_key=True
                )
                break
