"""Sharing rules open a private or read-only custom object.

Contract has no sharing rules at all; a detail is shared with its master; and of an object that everybody may edit the org says:
`not supported for X since it's org wide default is ...`.

Bad:
    objects: {contract: {shares: {finance: {label: Finance, group: Finance}}}}
Good:
    objects:
      line:
        sharing: Private
        parents: {contract: {kind: lookup}}
        shares: {finance: {label: Finance, group: Finance}}
Says:
    Contract has no sharing rules: its default, owners and roles decide
    help: remove shares
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import ObjectMapping
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP610"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for mapping, block, path in subject.objects:
        if block.shares and mapping.sharing not in ("Private", "Read"):
            message = f"{mapping.salesforce} {_why(mapping)}"
            yield Offence((*path, "shares"), message, "remove shares", of_key=True)


def _why(mapping: ObjectMapping) -> str:
    if mapping.salesforce == "Contract":
        return "has no sharing rules: its default, owners and roles decide"
    if not mapping.custom:
        return "is Salesforce's own object: its sharing belongs to the org"
    return "is shared with its master" if mapping.sharing == "ControlledByParent" else "is open to everybody already"
