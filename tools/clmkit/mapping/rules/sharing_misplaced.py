"""Sharing is said for a custom object that is no detail.

Contract has no sharing rules and no ContractShare, and its default belongs to the org. A detail is shared with its master:
`Cannot set sharingModel to ReadWrite on a CustomObject with a MasterDetail relationship field`.

Bad:
    objects: {contract: {sharing: Private}}
Good:
    objects: {contract: {sharing: absent}}
Says:
    Contract is Salesforce's own object: its sharing belongs to the org
    help: remove sharing
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP718"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for mapping, block, path in subject.objects:
        if block.sharing is not UNSET and (not mapping.custom or mapping.sharing == "ControlledByParent"):
            why = (
                "is shared with its master"
                if mapping.custom
                else "is Salesforce's own object: its sharing belongs to the org"
            )
            yield Offence((*path, "sharing"), f"{mapping.salesforce} {why}", "remove sharing", of_key=True)
