"""A type that the kit does not generate is refused by name.

`metadata_relationship` stands on custom metadata types, `external_lookup` and `indirect_lookup` need external objects of
Salesforce Connect, `hierarchy` stands on User: none of them is an object that a contract integration fills.

Bad:
    objects:
      contract:
        fields: {erp: {field: CLM_Erp__c, type: {external_lookup: Erp_Order__x}, description: The order.}}
Good:
    objects:
      contract:
        fields: {erp: {field: CLM_Erp__c, type: {text: 40}, description: The number of the order.}}
Says:
    contract.erp: external_lookup refers to an external object, which needs Salesforce Connect; the kit does not
        generate it
    help: keep the key as text, or use a lookup
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import FieldKind
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP229"
SEVERITY = Severity.ERROR

REFUSED = {
    FieldKind.METADATA_RELATIONSHIP: "refers to metadata and stands on custom metadata types only",
    FieldKind.EXTERNAL_LOOKUP: "refers to an external object, which needs Salesforce Connect",
    FieldKind.INDIRECT_LOOKUP: "stands on an external object, which needs Salesforce Connect",
    FieldKind.HIERARCHY: "stands on User only",
}


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        kind = value.field.type.kind
        if kind in REFUSED:
            message = f"{value.title}: {kind.value} {REFUSED[kind]}; the kit does not generate it"
            yield Offence(
                (*value.path, "type", kind.value), message, "keep the key as text, or use a lookup", of_key=True
            )
