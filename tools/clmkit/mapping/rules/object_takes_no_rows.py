"""An object of the spec holds rows that an upsert finds by an external ID.

External objects, custom metadata types, platform events and big objects hold none: no field of theirs can be an external ID.

Sources: Salesforce Help, "External Objects in Salesforce Connect", "Custom Metadata Types Limitations"; Platform Events Developer
Guide, "Platform Event Fields"; Big Objects Implementation Guide, "Big Objects Best Practices".

Bad:
    objects: {line: {salesforce: CLM_Line__x}}
Good:
    objects: {line: {salesforce: CLM_Line__c}}
Says:
    line: CLM_Line__x is an external object, whose rows another system holds
    help: map a custom object (__c), and refer to the external one by external_lookup
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP525"
SEVERITY = Severity.ERROR

KINDS = {
    "__x": (
        "an external object, whose rows another system holds",
        "map a custom object (__c), and refer to the external one by external_lookup",
    ),
    "__mdt": (
        "a custom metadata type, whose records are deployed and not written as rows",
        "map a custom object (__c)",
    ),
    "__e": ("a platform event, which is published and never stored", "map a custom object (__c)"),
    "__b": ("a big object, whose rows take no external ID", "map a custom object (__c)"),
}


def check(subject: Subject) -> Iterator[Offence]:
    for mapping, _, path in subject.objects:
        found = next((words for suffix, words in KINDS.items() if mapping.salesforce.endswith(suffix)), None)
        if found is not None:
            what, help_ = found
            yield Offence((*path, "salesforce"), f"{mapping.name}: {mapping.salesforce} is {what}", help_)
