"""A row inside an agreement has a parent.

Otherwise it stands in Salesforce without the contract that it belongs to.

Bad:
    objects: {line: {parents: {contract: absent}, sharing: Private}}
Good:
    objects: {line: {parents: {contract: {clm: /id}}}}
Says:
    line takes its rows from agreements.lines but has no parent
    help: add parents: {contract: {clm: /id, field: Contract__c, match: Contract.<key>, kind: master_detail}}
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import Owner
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP512"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for mapping, _, path in subject.objects:
        if "." in mapping.clm and mapping.owner is Owner.CLM and not mapping.parents:
            message = f"{mapping.name} takes its rows from {mapping.clm} but has no parent"
            yield Offence(
                path,
                message,
                "add parents: {contract: {clm: /id, field: Contract__c, match: Contract.<key>, kind: master_detail}}",
                of_key=True,
            )
