"""The mapping inside the org: a custom metadata record per mapped field, for administrators, flows, Apex and reports of the org.

The record of a created field is tied to the field itself (a metadata relationship), so that the org refuses to delete the field
while the mapping needs it. Sources: Metadata API Developer Guide, "CustomMetadata";
Salesforce Help, "Custom Metadata Relationships".
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.codegen.names import NAME_LIMIT, described, field_map, pascal
from clmkit.codegen.plan import MetadataXml, PlannedFile, generated
from clmkit.codegen.rules import is_guarded, locked_statuses
from clmkit.codegen.runtime import managed_text, plan_object
from clmkit.codegen.xml import Body, Typed
from clmkit.mapping.model import Direction, FieldMapping, ObjectMapping, Origin, Owner, Spec

# One file a record: more of them would take half of the 10,000 files that a deploy may have, and an org's 10 MB of custom metadata.
MOST_RECORDS = 5_000

OWNERS = {Owner.CLM: "CLM", Owner.SALESFORCE: "Salesforce", Owner.SHARED: "Shared"}
DIRECTIONS = {
    Direction.CLM_TO_SALESFORCE: "CLM to Salesforce",
    Direction.SALESFORCE_TO_CLM: "Salesforce to CLM",
    Direction.BOTH: "Both ways",
    Direction.NONE: "None",
}
TEXTS = (
    ("Field_Name__c", "Field Name", 80),
    ("CLM_Path__c", "CLM Path", 255),
    ("System_Of_Record__c", "System of Record", 20),
    ("Direction__c", "Direction", 20),
    ("Steward__c", "Steward", 80),
)
OPTIONAL_TEXTS = (
    ("Transform__c", "Transform", 80),
    ("Latency__c", "Latency", 40),
    ("Locked_In__c", "Locked In", 255),
)


def plan_field_map(spec: Spec) -> Iterator[PlannedFile]:
    """The type and its records; nothing for a spec too large for an org to hold them, or when the CLM writes no object."""
    rows = [(mapping, field) for mapping in spec.objects for field in mapping.columns]
    if len(rows) > MOST_RECORDS or not any(is_guarded(mapping) for mapping in spec.objects):
        return
    yield from plan_object(f"{field_map(spec)}__mdt", _map_type(spec), tuple(_fields(spec)))
    names: dict[str, int] = {}
    for mapping, field in rows:
        name = _record_name(mapping, field, names)
        path = f"customMetadata/{field_map(spec)}.{name}.md-meta.xml"
        yield generated(path, MetadataXml("CustomMetadata", _record(spec, mapping, field)))


def _map_type(spec: Spec) -> Body:
    return {
        "description": described(spec, "Which value of the CLM a field holds, who owns it, and which way it moves."),
        "label": f"{spec.prefix} Field Map",
        "pluralLabel": f"{spec.prefix} Field Maps",
        "visibility": "Public",
    }


def _fields(spec: Spec) -> Iterator[Body]:
    yield _relationship(spec, "Object__c", "Object", "EntityDefinition", {"required": True})
    controlled: Body = {"metadataRelationshipControllingField": f"{field_map(spec)}__mdt.Object__c", "required": False}
    yield _relationship(spec, "Field__c", "Field", "FieldDefinition", controlled)
    for name, label, length in TEXTS:
        yield managed_text(name, label, length)
    for name, label, length in OPTIONAL_TEXTS:
        yield {**managed_text(name, label, length), "required": False}


def _relationship(spec: Spec, name: str, label: str, target: str, more: Body) -> Body:
    return {
        "fullName": name,
        "fieldManageability": "DeveloperControlled",
        "label": label,
        "referenceTo": target,
        "relationshipLabel": f"{spec.prefix} Field Maps ({label})",
        "relationshipName": f"{spec.prefix}_Field_Maps_{label}",
        "type": "MetadataRelationship",
        "unique": False,
        **more,
    }


def _record_name(mapping: ObjectMapping, field: FieldMapping, taken: dict[str, int]) -> str:
    """`Contract_end_date`, cut to what a record's name may have; a number tells two cut names apart."""
    name = f"{pascal(mapping.name)}_{field.name}"[:NAME_LIMIT].rstrip("_")
    taken[name] = taken.get(name, 0) + 1
    return name if taken[name] == 1 else f"{name[: NAME_LIMIT - 4].rstrip('_')}_{taken[name]}"


def _record(spec: Spec, mapping: ObjectMapping, field: FieldMapping) -> Body:
    locked = "" if field.owner is Owner.CLM else ";".join(locked_statuses(spec, field))
    texts = {
        "CLM_Path__c": field.clm or "(computed)",
        "Direction__c": DIRECTIONS[field.direction],
        "Field__c": field.salesforce if field.origin is Origin.CREATED else "",
        "Field_Name__c": field.salesforce,
        "Latency__c": field.latency,
        "Locked_In__c": locked,
        "Object__c": mapping.salesforce,
        "Steward__c": dict(spec.stewards)[field.steward],
        "System_Of_Record__c": OWNERS[field.owner],
        "Transform__c": field.transform,
    }
    values: list[Body] = [{"field": name, "value": Typed("xsd:string", text)} for name, text in texts.items() if text]
    return {"label": field.label[:NAME_LIMIT], "protected": False, "values": values}
