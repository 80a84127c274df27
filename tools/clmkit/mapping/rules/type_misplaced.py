"""A relationship type stands where Salesforce lets it stand.

Hierarchies are between users. A metadata relationship stands on a custom metadata type and an indirect lookup on an external
object; neither holds rows that a sync could upsert, so that no object of a spec is one. An external lookup leads to an external
object, which shows the rows of another system.

Sources: Salesforce Help, "Object Relationships Overview" (hierarchical: available for only the user object), "Considerations for
Relationships" (indirect lookup relationship fields can be created on external objects only), "Custom Metadata Relationships".

Bad:
    objects:
      contract:
        fields: {erp: {clm: erp, field: CLM_Erp__c, type: {indirect_lookup: Account}, description: The order.}}
Good:
    objects:
      contract:
        fields: {erp: {clm: erp, field: CLM_Erp__c, type: {external_lookup: {to: Erp_Order__x}}, description: The order.}}
Says:
    contract.erp: indirect lookup relationship fields can be created on external objects only
    help: use a lookup with match, which finds records by an external ID, too
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import UNSET

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import FieldKind
from clmkit.mapping.subject import Offence, Subject, Value

CODE = "MAP229"
SEVERITY = Severity.ERROR
EXTERNAL = "__x"
USER = "User"

Law = tuple[str, str]  # what Salesforce says, and what to do instead

NEVER: Mapping[FieldKind, Law] = {
    FieldKind.METADATA_RELATIONSHIP: (
        "metadata relationship fields can be created on custom metadata types only",
        "keep the name as text; the generated field map ties each field to its definition",
    ),
    FieldKind.INDIRECT_LOOKUP: (
        "indirect lookup relationship fields can be created on external objects only",
        "use a lookup with match, which finds records by an external ID, too",
    ),
}


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        found = _find_law(value)
        if found is not None:
            kind, (law, help_) = value.field.type.kind, found
            yield Offence((*value.path, "type", kind.value), f"{value.title}: {law}", help_, of_key=True)


def _find_law(value: Value) -> Law | None:
    """The law that the field breaks, if any."""
    home, target = value.mapping.salesforce, value.field.type.reference_to
    match value.field.type.kind:
        case FieldKind.HIERARCHY if not home == target == USER:
            law = f"a hierarchical relationship is available for only the user object, not from {home} to {target}"
            return law, "use a lookup with match"
        case FieldKind.LOOKUP if home == target == USER and value.block.type is not UNSET:
            return "users refer to users by a hierarchical relationship", "use hierarchy: User"
        case FieldKind.LOOKUP if target.endswith(EXTERNAL):
            return (
                f"{target} is an external object, which needs an external lookup",
                f"use external_lookup: {{to: {target}}}",
            )
        case FieldKind.EXTERNAL_LOOKUP if not target.endswith(EXTERNAL):
            return f"an external lookup leads to an external object, and {target} is none", "use a lookup with match"
        case kind:
            return NEVER.get(kind)
