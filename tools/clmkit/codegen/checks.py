"""Record types, validation rules and sharing rules: what an org itself enforces of the spec.

Two rules of every object need no word in the spec. A key never changes once it is set: a row that takes another's key is another
agreement. And a flag stands only beside an empty field: the flag says that a special value is behind it. Both hold for everybody;
a re-keying is done with the kill switch on. The rules of the spec are for people: the integration user is let through. Sources:
Metadata API Developer Guide, "RecordType", "ValidationRule", "SharingRules"; Salesforce Help, "Formula Operators and Functions".
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.codegen.conditions import filter_items
from clmkit.codegen.names import custom_permission, described, kill_switch
from clmkit.codegen.plan import MetadataXml, PlannedFile, generated
from clmkit.codegen.rules import is_guarded
from clmkit.codegen.xml import Body, Value
from clmkit.mapping.model import FieldKind, FieldMapping, ObjectMapping, SharingRule, Spec, ValidationRule

RULE_DESCRIPTION_LIMIT = 255


def plan_checks(spec: Spec) -> Iterator[PlannedFile]:
    """Record types, validation rules, and the sharing rules with the public groups that they name."""
    for mapping in spec.objects:
        folder = f"objects/{mapping.salesforce}"
        for record_type in mapping.record_types:
            body: Body = {
                "fullName": record_type.developer_name,
                "active": record_type.active,
                "description": described(spec, record_type.description, RULE_DESCRIPTION_LIMIT),
                "label": record_type.label,
                "picklistValues": list(_picklists(spec, mapping)),
            }
            path = f"{folder}/recordTypes/{record_type.developer_name}.recordType-meta.xml"
            yield generated(path, MetadataXml("RecordType", body))
        rules = [_people_rule(spec, rule) for rule in mapping.checks]
        if is_guarded(mapping):
            rules += _laws(spec, mapping)
        for rule in rules:
            path = f"{folder}/validationRules/{rule['fullName']}.validationRule-meta.xml"
            yield generated(path, MetadataXml("ValidationRule", rule))
    yield from _plan_sharing(spec)


def _picklists(spec: Spec, mapping: ObjectMapping) -> Iterator[Body]:
    """Every value of every picklist: one that a record type leaves out is refused on its records, whoever writes."""
    for field in sorted(mapping.columns, key=lambda field: field.salesforce):
        if field.type.kind in (FieldKind.PICKLIST, FieldKind.MULTIPICKLIST) and field.type.value_map:
            values = [value for value in spec.get_value_map(field.type.value_map).picklist if value.active]
            rows: list[Body] = [{"fullName": encode_value(value.salesforce), "default": False} for value in values]
            yield {"picklist": field.salesforce, "values": rows}


def encode_value(value: str) -> str:
    """A value's name inside a record type, where these characters are written as in an address."""
    return value.replace("%", "%25").replace("&", "%26").replace("/", "%2F")


def _people_rule(spec: Spec, rule: ValidationRule) -> Body:
    formula = wrap_formula(spec, rule.formula)
    return _rule(spec, rule.developer_name, formula, rule.message, rule.field, rule.description)


def wrap_formula(spec: Spec, formula: str) -> str:
    """The formula for people: the integration user is let through."""
    return f"AND(NOT($Permission.{custom_permission(spec)}), {formula})"


def _laws(spec: Spec, mapping: ObjectMapping) -> list[Body]:
    key = mapping.key
    running = f"NOT($Setup.{kill_switch(spec)}.Is_Off__c)"
    before = f"PRIORVALUE({key.salesforce})"
    rows = []
    if key in mapping.created:
        formula = f"AND({running}, NOT(ISNEW()), NOT(ISBLANK({before})), ISCHANGED({key.salesforce}))"
        message = f"{spec.prefix}_REKEYED: the CLM key of a record never changes."
        rows.append(
            _rule(
                spec,
                f"{spec.prefix}_Key_Is_Final",
                formula,
                message,
                key.salesforce,
                "A record stays the same agreement.",
            )
        )
    rows += [
        _flag_rule(spec, mapping, flag, running) for flag in mapping.columns if _stands_beside_nothing(mapping, flag)
    ]
    return rows


def ruled_fields(mapping: ObjectMapping) -> set[str]:
    """The fields that not even the integration user may change at will: the key, and the flags."""
    return {mapping.key.salesforce, *(flag.salesforce for flag in mapping.columns if flag.flag_of)}


def _stands_beside_nothing(mapping: ObjectMapping, flag: FieldMapping) -> bool:
    """Whether the flag's field is empty while it is on: no special text of the CLM becomes a value."""
    return bool(flag.flag_of) and all(value is None for _, value in mapping.get_field(flag.flag_of).special)


def _flag_rule(spec: Spec, mapping: ObjectMapping, flag: FieldMapping, running: str) -> Body:
    field = mapping.get_field(flag.flag_of)
    formula = f"AND({running}, {flag.salesforce}, NOT(ISBLANK({field.salesforce})))"
    message = (
        f"{spec.prefix}_FLAGGED: {flag.label} says that {field.label} is empty for a reason; clear one of the two."
    )
    name = f"{spec.prefix}_{flag.salesforce.removesuffix('__c').removeprefix(f'{spec.prefix}_')}"
    return _rule(spec, name, formula, message, flag.salesforce, "A flag stands only beside an empty field.")


def _rule(spec: Spec, name: str, formula: str, message: str, field: str, description: str) -> Body:
    body: dict[str, Value] = {
        "fullName": name,
        "active": True,
        "description": described(spec, description, RULE_DESCRIPTION_LIMIT),
        "errorConditionFormula": formula,
        "errorMessage": message,
    }
    return {**body, "errorDisplayField": field} if field else body


def _plan_sharing(spec: Spec) -> Iterator[PlannedFile]:
    groups = sorted({share.group for mapping in spec.objects for share in mapping.shares})
    for group in groups:
        body: Body = {"doesIncludeBosses": True, "name": group.replace("_", " ")}
        yield generated(f"groups/{group}.group-meta.xml", MetadataXml("Group", body))
    for mapping in spec.objects:
        if mapping.shares:
            rules: Body = {"sharingCriteriaRules": [_share(share) for share in mapping.shares]}
            path = f"sharingRules/{mapping.salesforce}.sharingRules-meta.xml"
            yield generated(path, MetadataXml("SharingRules", rules))


def _share(share: SharingRule) -> Body:
    return {
        "fullName": share.developer_name,
        "accessLevel": "Edit" if share.edit else "Read",
        "criteriaItems": filter_items(share.where, lambda name: name),
        "includeRecordsOwnedByAll": True,
        "label": share.label,
        "sharedTo": {"group": [share.group]},
    }
