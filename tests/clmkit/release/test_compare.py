"""Every change of a spec has one kind, every kind one class, and no attribute of the model changes unseen."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from tests.clmkit.release.specs import Data, resolved, with_field, with_object, written
from tests.clmkit.release.test_compare_presentation import CASES as SHOWN_CASES

from clmkit.mapping.model import (
    Blank,
    Cleared,
    ConflictRule,
    Direction,
    Encryption,
    FieldClass,
    FieldKind,
    FieldMapping,
    FieldType,
    ObjectMapping,
    Origin,
    Owner,
    Park,
    Role,
    Spec,
    ValueMap,
)
from clmkit.release.changes import RULES, Break, Bump
from clmkit.release.compare import compare_specs

SPEC = resolved(written())
FIELDS = [(mapping, field) for mapping in SPEC.objects for field in mapping.fields]
NAMES = [f"{mapping.name}.{field.name}" for mapping, field in FIELDS]


def kinds(before: Spec, after: Spec) -> set[str]:
    return {change.kind for change in compare_specs(before, after)}


def classes(before: Spec, after: Spec) -> set[Break]:
    return {change.rule.breaks for change in compare_specs(before, after)}


def test_a_spec_does_not_differ_from_itself() -> None:
    assert compare_specs(SPEC, resolved(written())) == ()


@pytest.mark.parametrize(("mapping", "field"), FIELDS, ids=NAMES)
def test_dropping_a_field_is_told_once(mapping: ObjectMapping, field: FieldMapping) -> None:
    """A field that the kit made would be deleted with its values; one that the org has loses its writer."""
    after = with_object(SPEC, mapping.name, fields=tuple(other for other in mapping.fields if other is not field))
    (change,) = compare_specs(SPEC, after)
    expected = {Origin.CREATED: Break.DATA, Origin.STANDARD: Break.CONSUMER, Origin.EXISTING: Break.CONSUMER}
    assert change.rule.breaks is (expected[field.origin] if field.salesforce else Break.SAFE)
    assert change.subject == f"{mapping.name}.{field.name}"


@pytest.mark.parametrize(("mapping", "field"), FIELDS, ids=NAMES)
def test_renaming_a_field_in_the_spec_breaks_nothing(mapping: ObjectMapping, field: FieldMapping) -> None:
    after = with_field(SPEC, mapping.name, field.name, name="other")
    found = {(change.kind, change.rule.bump) for change in compare_specs(SPEC, after)}
    assert found == {("field_renamed" if field.salesforce else "withheld_changed", Bump.PATCH)}


IN_SALESFORCE = [(mapping, field) for mapping, field in FIELDS if field.salesforce]
SALESFORCE_NAMES = [f"{mapping.name}.{field.name}" for mapping, field in IN_SALESFORCE]


@pytest.mark.parametrize(("mapping", "field"), IN_SALESFORCE, ids=SALESFORCE_NAMES)
def test_renaming_a_salesforce_field_hits_its_readers_or_loses_what_people_wrote(
    mapping: ObjectMapping, field: FieldMapping
) -> None:
    after = with_field(SPEC, mapping.name, field.name, salesforce="Other__c")
    loses = field.role is Role.KEY or field.owner is not Owner.CLM
    assert classes(SPEC, after) == {Break.DATA if loses else Break.CONSUMER}


@pytest.mark.parametrize(("mapping", "field"), IN_SALESFORCE, ids=SALESFORCE_NAMES)
def test_retyping_a_field_loses_its_values_or_is_refused(mapping: ObjectMapping, field: FieldMapping) -> None:
    other = FieldKind.DATE if field.type.kind is not FieldKind.DATE else FieldKind.CHECKBOX
    after = with_field(SPEC, mapping.name, field.name, type=FieldType(kind=other))
    is_relationship = field.type.kind in (FieldKind.LOOKUP, FieldKind.MASTER_DETAIL)
    assert classes(SPEC, after) == {Break.METADATA if is_relationship else Break.DATA}


OWNED = [
    (mapping.name, name)
    for mapping in SPEC.objects
    for name in written()["objects"][mapping.name].get("fields", {})
    if mapping.get_field(name).field_class is FieldClass.SYNC and mapping.owner is Owner.CLM
]


@pytest.mark.parametrize(("object_name", "name"), OWNED, ids=[".".join(pair) for pair in OWNED])
def test_giving_a_field_to_the_other_system_changes_behaviour_alone(object_name: str, name: str) -> None:
    data = written()
    block = data["objects"][object_name]["fields"][name]
    block.pop("precedence", None)
    block["owner"] = "salesforce" if SPEC.get_object(object_name).get_field(name).owner is Owner.CLM else "clm"
    found = [change for change in compare_specs(SPEC, resolved(data)) if change.is_break]
    assert {(change.kind, change.rule.breaks) for change in found} == {("owner_changed", Break.BEHAVIOUR)}


def _type(kind: str, **measures: Any) -> FieldType:
    return FieldType(kind=FieldKind(kind), **measures)


TYPES: list[tuple[FieldType, FieldType, str]] = [
    (_type("formula", formula="1"), _type("formula", formula="2"), "computed_changed"),
    (_type("auto_number", display_format="A-{0}"), _type("auto_number", display_format="B-{0}"), "computed_changed"),
    (_type("text", length=80), _type("text", length=40), "field_shortened"),
    (_type("text", length=80), _type("text", length=120), "field_lengthened"),
    (_type("text", length=80), _type("email"), "field_widened"),
    (_type("text", length=81), _type("email"), "field_shortened"),
    (_type("long_text", length=4000), _type("text", length=255), "field_shortened"),
    (_type("url"), _type("long_text", length=4000), "field_widened"),
    (_type("picklist", value_map="a"), _type("multipicklist", value_map="a"), "field_widened"),
    (_type("multipicklist", value_map="a"), _type("picklist", value_map="a"), "field_retyped"),
    (_type("text", length=80), _type("picklist", value_map="a"), "field_retyped"),
    (_type("date"), _type("datetime"), "field_retyped"),
    (_type("number", precision=4), _type("currency", precision=18), "field_retyped"),
    (_type("number", precision=6, scale=2), _type("number", precision=5, scale=2), "field_shortened"),
    (_type("number", precision=6, scale=2), _type("number", precision=6, scale=1), "field_shortened"),
    (_type("number", precision=6, scale=2), _type("number", precision=6, scale=3), "field_shortened"),
    (_type("number", precision=6, scale=2), _type("number", precision=8, scale=3), "field_lengthened"),
    (_type("number", precision=6), _type("number", precision=6, rounding="half_up"), "rounding_changed"),
    (_type("currency", currency_code="a"), _type("currency", currency_code="b"), "currency_changed"),
    (_type("html", visible_lines=3), _type("html", visible_lines=9), "layout_changed"),
    (_type("lookup", reference_to="Account"), _type("lookup", reference_to="Contact"), "relationship_repointed"),
    (_type("lookup", reference_to="Account"), _type("master_detail", reference_to="Account"), "lookup_became_master"),
    (_type("master_detail", reference_to="Account"), _type("lookup", reference_to="Account"), "master_became_lookup"),
    (_type("hierarchy", reference_to="User"), _type("lookup", reference_to="User"), "relationship_retyped"),
    (_type("lookup", reference_to="Account"), _type("master_detail", reference_to="Contact"), "relationship_repointed"),
    (_type("lookup", reference_to="Account"), _type("text", length=18), "relationship_retyped"),
    (_type("lookup", relationship="A"), _type("lookup", relationship="B"), "relationship_renamed"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "kind"), TYPES)
def test_a_change_of_type_is_judged_by_what_the_values_survive(old: FieldType, new: FieldType, kind: str) -> None:
    before, after = (with_field(SPEC, "party", "name", type=one) for one in (old, new))
    assert kinds(before, after) == {kind}


ATTRIBUTES: dict[str, tuple[Any, str]] = {
    "role": (Role.VERSION, "role_changed"),
    "clm": ("other", "source_changed"),
    "label": ("Other", "wording_changed"),
    "origin": (Origin.EXISTING, "field_released"),
    "field_class": (FieldClass.READ_ONLY, "field_class_changed"),
    "owner": (Owner.SALESFORCE, "owner_changed"),
    "direction": (Direction.BOTH, "direction_changed"),
    "precedence": ((msgspec.convert({"states": ["draft"], "wins": "clm"}, Any),), "precedence_changed"),
    "conflict": (ConflictRule.NEWEST_WINS, "conflict_changed"),
    "latency": ("minutes", "latency_changed"),
    "audience": (("reader",), "exposure_narrowed"),
    "editors": (("steward",), "editing_widened"),
    "transform": ("upper", "transform_changed"),
    "special": ((("none", None),), "special_changed"),
    "flag": ("Flag__c", "flag_changed"),
    "flag_of": ("name", "flag_changed"),
    "hash": ("hash", "hash_changed"),
    "seed": (True, "seed_changed"),
    "blank": (Blank.PARK, "blank_changed"),
    "unreadable": (Park.ROW, "unreadable_changed"),
    "required": (True, "field_made_required"),
    "unique": (True, "field_made_unique"),
    "external_id": (True, "external_id_added"),
    "track_history": (True, "history_started"),
    "lifecycle": (True, "lifecycle_moved"),
    "reference": (msgspec.convert({}, Any), "reference_changed"),
    "steward": ("finance", "steward_changed"),
    "tags": (("personal",), "tags_changed"),
    "requires": ((("a", "b"),), "dependency_changed"),
    "frozen_from": (("active",), "frozen_changed"),
    "reason": ("other", "withheld_changed"),
    "description": ("other", "wording_changed"),
    "help": ("other", "wording_changed"),
    "cleared": (Cleared.LEAVE, "cleared_changed"),
    "zone": ("org", "zone_changed"),
    "retention": ("law", "retention_changed"),
    "encryption": (Encryption.PROBABILISTIC, "encryption_changed"),
    "back": ("text", "way_back_changed"),
    "name": ("other", "field_renamed"),
    "salesforce": ("Other__c", "field_moved"),
    "type": (FieldType(kind=FieldKind.DATE), "field_retyped"),
}
FOLLOWING = {"case_sensitive", "has_fls"}
"""`case_sensitive` counts for unique fields, below; whether a field has field-level security follows from what it is."""


def test_every_attribute_of_a_field_is_compared() -> None:
    assert set(ATTRIBUTES) | FOLLOWING == set(FieldMapping.__struct_fields__)


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_a_change_of_one_attribute_has_one_kind_and_the_way_back_has_one(attribute: str) -> None:
    value, kind = ATTRIBUTES[attribute]
    after = with_field(SPEC, "party", "name", **{attribute: value})
    assert kinds(SPEC, after) == {kind}
    assert len(kinds(after, SPEC)) == 1


BACK = {
    "required": "field_freed",
    "unique": "field_freed",
    "external_id": "external_id_dropped",
    "track_history": "history_stopped",
    "editors": "editing_narrowed",
    "audience": "exposure_widened",
    "origin": "field_took_over",
}


@pytest.mark.parametrize(("attribute", "kind"), BACK.items())
def test_the_way_back_is_judged_by_its_own_rule(attribute: str, kind: str) -> None:
    assert kinds(with_field(SPEC, "party", "name", **{attribute: ATTRIBUTES[attribute][0]}), SPEC) == {kind}


def test_case_counts_where_a_field_is_unique() -> None:
    before, after = (with_field(SPEC, "party", "name", unique=True, case_sensitive=case) for case in (True, False))
    assert kinds(before, after) == {"field_case_changed"}


Write = Callable[[Data], object]


def _set(*path: str | int, to: object) -> Write:
    def write(data: Data) -> None:
        place: Any = data
        for part in path[:-1]:
            place = place[part]
        place[path[-1]] = to

    return write


def _drop(*path: str) -> Write:
    def write(data: Data) -> None:
        place: Any = data
        for part in path[:-1]:
            place = place[part]
        del place[path[-1]]

    return write


def _rename(*path: str, to: str) -> Write:
    def write(data: Data) -> None:
        place: Any = data
        for part in path[:-1]:
            place = place[part]
        renamed = {to if name == path[-1] else name: block for name, block in place.items()}
        place.clear()
        place.update(renamed)

    return write


def _reorder(*path: str) -> Write:
    def write(data: Data) -> None:
        place: Any = data
        for part in path:
            place = place[part]
        turned = dict(reversed(list(place.items())))
        place.clear()
        place.update(turned)

    return write


PREFIXED = {"prefix_changed", "permission_set_renamed", "value_set_swapped", "wording_changed"}
REPOINTED = {"field_moved_with_values", "relationship_repointed", "reference_changed"}
CONTACT = ("objects", "contract", "fields", "primary_contact")
WITHHELD = {"clm": "product", "class": "clm_only", "reason": "secret"}
SKU = {"clm": "sku", "field": "Sku__c", "type": {"text": 40}}
RETIRED = {"value": "Other", "active": False}
RELABELLED = {"value": "Other", "label": "Else"}

EVENT = {"object": "Opportunity", "field": "StageName", "becomes": ["Closed Won"]}
REQUEST = {"event": EVENT, "contract_type": "MSA", "prefill": {"title": "Name"}}
TOKYO = {"salesforce": {"label": "Org", "zone": "Asia/Tokyo"}}
CHECK = {"odd": {"wrong_when": "1 = 2", "message": "No."}}
TYPED = {"clm": "product", "types": {"one": {"label": "One", "for": ["A"]}}}
TYPED_KINDS = {"record_types_changed", "field_added"}
LAW = {"keep": "7 years", "after": ["terminated"], "then": "review"}

WRITTEN: list[tuple[str, Write, set[str]]] = [
    ("a request more", _set("requests", to={"deal": REQUEST}), {"process_changed"}),
    ("a retention more", _set("retention", to={"law": LAW}), {"retention_changed"}),
    ("our side by names", _set("us", to={"names": ["Northstar Inc."]}), {"own_side_changed"}),
    ("a system described", _set("systems", to={"clm": {"label": "CLM"}}), {"surroundings_changed"}),
    ("another zone of the org", _set("systems", to=TOKYO), {"surroundings_changed", "zone_changed"}),
    ("a rule for people more", _set("objects", "line", "checks", to=CHECK), {"checks_changed"}),
    ("record types", _set("objects", "line", "record_types", to=TYPED), TYPED_KINDS),
    ("another name", _set("name", to="other"), {"spec_renamed"}),
    ("another API version", _set("api_version", to="68.0"), {"api_version_changed"}),
    ("another prefix", _set("prefix", to="KIT"), PREFIXED),
    ("another currency", _set("currency", "org", to="EUR"), {"currency_changed"}),
    ("another steward's title", _set("stewards", "finance", to="Accounting"), {"steward_changed"}),
    ("an audience more", _set("audiences", "auditor", to={"label": "Auditor"}), {"audience_added"}),
    ("an audience less", _drop("audiences", "reader"), {"audience_dropped"}),
    ("a slower promise", _set("latency", "minutes", "p99", to="15 min"), {"latency_promise_changed"}),
    ("a promise more", _set("latency", "hourly", to={"p99": "1 h"}), {"latency_added"}),
    ("a value more", _set("value_maps", "party_role", "values", "agent", to="Agent"), {"value_added"}),
    ("a value less", _drop("value_maps", "party_role", "values", "other"), {"value_dropped"}),
    ("a value renamed", _set("value_maps", "party_role", "values", "other", to="Others"), {"value_renamed"}),
    ("a word more", _set("value_maps", "party_role", "values", "we", to="Our side"), {"value_mapped"}),
    ("a word less", _drop("value_maps", "governing_law", "values", "China"), {"value_unmapped"}),
    ("a word moved", _set("value_maps", "governing_law", "values", "China", to="Hong Kong"), {"value_remapped", "order_changed"}),
    ("a value retired", _set("value_maps", "party_role", "values", "other", to=RETIRED), {"value_retired"}),
    ("a value's label", _set("value_maps", "party_role", "values", "other", to=RELABELLED), {"wording_changed"}),
    ("a map's label", _set("value_maps", "party_role", "label", to="Side"), {"wording_changed"}),
    ("a map shared", _set("value_maps", "party_role", "shared", to=True), {"value_set_swapped"}),
    ("a map in another order", _reorder("value_maps", "party_role", "values"), {"order_changed"}),
    ("a map that nobody uses", _set("value_maps", "spare", to={"label": "Spare", "values": {"a": "A"}}), {"value_map_added"}),
    ("a status renamed", _set("lifecycle", "states", "approval", "status", to="In Review"), {"status_dropped"}),
    ("a status of another category", _set("lifecycle", "states", "executed", "category", to="Activated"), {"status_changed"}),
    ("a stage renamed in the CLM", _set("lifecycle", "states", "approval", "clm", to="REVIEW"), {"status_changed"}),
    ("a move less", _set("lifecycle", "moves", "intake", to=["draft"]), {"move_dropped"}),
    ("a move more", _set("lifecycle", "moves", "intake", to=["draft", "cancelled", "negotiation"]), {"move_added"}),
    ("a stage read elsewhere", _set("lifecycle", "clm", to="phase"), {"lifecycle_moved"}),
    ("no lifecycle", _drop("lifecycle"), {"lifecycle_moved", "frozen_changed", "precedence_changed"}),
    ("states in another order", _reorder("lifecycle", "states"), {"order_changed", "frozen_changed", "precedence_changed"}),
    ("an object less", _drop("objects", "line"), {"object_dropped"}),
    ("an object renamed", _rename("objects", "line", to="position"), {"object_renamed"}),
    ("an object in another place", _set("objects", "line", "salesforce", to="Position__c"), {"object_moved"}),
    ("an object's rows", _set("objects", "line", "clm", to="agreements.positions"), {"rows_changed"}),
    ("an object's label", _set("objects", "line", "label", to="Position"), {"wording_changed"}),
    ("an object's numbers", _set("objects", "line", "record_name", "format", to="N-{0}"), {"record_name_changed"}),
    ("a key in another field", _set("objects", "line", "key", "field", to="Key__c"), {"rekeyed"}),
    ("a key from another path", _set("objects", "line", "key", "clm", to="number"), {"rekeyed"}),
    ("a key that does not count case", _set("objects", "line", "key", "case_sensitive", to=False), {"rekeyed"}),
    ("a field more", _set("objects", "line", "fields", "sku", to=SKU), {"field_added"}),
    ("a withheld field more", _set("objects", "line", "fields", "cost", to=WITHHELD), {"withheld_changed"}),
    ("a field withheld from now on", _set("objects", "line", "fields", "product", to=WITHHELD), {"field_dropped"}),
    ("a standard field less", _drop("objects", "contact", "fields", "email"), {"field_unmapped"}),
    ("a created field less", _drop("objects", "line", "fields", "product"), {"field_dropped"}),
    ("a Salesforce field of people renamed", _set(*CONTACT, "field", to="CompanySignedId"), REPOINTED),
]  # fmt: skip


@pytest.mark.parametrize(("write", "expected"), [row[1:] for row in WRITTEN], ids=[row[0] for row in WRITTEN])
def test_a_mapping_written_otherwise_is_told_by_its_kind(write: Write, expected: set[str]) -> None:
    data = written()
    write(data)
    assert kinds(SPEC, resolved(data)) == expected


BACKWARDS = {
    "an object less": {"object_added"},
    "a value retired": {"value_restored"},
    "a status more": {"status_added"},
}


def test_the_way_back_of_a_dropped_thing_is_an_addition() -> None:
    for name, write, _ in WRITTEN:
        if name in BACKWARDS:
            data = written()
            write(data)
            assert kinds(resolved(data), SPEC) == BACKWARDS[name]


VALUE_MAP_POLICIES = {"restricted": False, "unknown": Park.ROW, "other": "Other"}


@pytest.mark.parametrize("attribute", VALUE_MAP_POLICIES)
def test_the_policy_of_a_value_map_is_behaviour(attribute: str) -> None:
    first, *rest = SPEC.value_maps
    changed = msgspec.structs.replace(first, **{attribute: VALUE_MAP_POLICIES[attribute]})
    found = kinds(SPEC, msgspec.structs.replace(SPEC, value_maps=(changed, *rest)))
    assert found - {"value_added"} == {"value_policy_changed"}
    assert set(ValueMap.__struct_fields__) == {"name", "label", "global_set", "values", *VALUE_MAP_POLICIES}


@pytest.mark.parametrize(
    ("attribute", "value", "kind"),
    [("sharing", "Private", "sharing_changed"), ("owner", Owner.SALESFORCE, "object_owner_changed")],
)
def test_sharing_and_owner_of_an_object_are_compared(attribute: str, value: object, kind: str) -> None:
    assert kinds(SPEC, with_object(SPEC, "line", **{attribute: value})) == {kind}


def test_every_rule_explains_itself() -> None:
    assert len({rule.code for rule in RULES.values()}) == len(RULES)
    for kind, rule in RULES.items():
        assert isinstance(rule.breaks, enum.Enum)
        assert (rule.bump is Bump.MAJOR) == (rule.breaks is not Break.SAFE), kind
        assert rule.breaks is Break.SAFE or (rule.reason and rule.next_step), kind


ORG_ONLY = {"component_added", "component_updated", "component_dropped", "component_withdrawn", "code_edited"}
"""Kinds of differences between two states of an org; a mapping has no such changes."""


def test_every_kind_of_change_is_shown_by_a_case() -> None:
    shown = {kind for _, _, kind in TYPES} | {kind for _, kind in ATTRIBUTES.values()} | set(BACK.values())
    shown |= {kind for _, _, expected in WRITTEN for kind in expected} | {
        kind for found in BACKWARDS.values() for kind in found
    }
    shown |= {kind for _, *both in SHOWN_CASES.values() for kind in both}
    shown |= {
        "roll_up_keeps_master",
        "field_case_changed",
        "value_policy_changed",
        "sharing_changed",
        "object_owner_changed",
    }
    assert set(RULES) - shown == ORG_ONLY


def test_a_master_detail_under_a_roll_up_cannot_become_a_lookup() -> None:
    """Without one it can; who reads the details finds other records then."""
    notice = SPEC.get_object("notice").get_field("contract")
    loose = with_field(SPEC, "notice", "contract", type=msgspec.structs.replace(notice.type, kind=FieldKind.LOOKUP))
    told = {change.kind: change.rule.breaks for change in compare_specs(SPEC, loose)}
    assert told == {"master_became_lookup": Break.CONSUMER, "roll_up_keeps_master": Break.METADATA}
    (line,) = (one.get_field("contract") for one in SPEC.objects if one.name == "line")
    loose = with_field(SPEC, "line", "contract", type=msgspec.structs.replace(line.type, kind=FieldKind.LOOKUP))
    assert kinds(SPEC, loose) == {"master_became_lookup"}
    tight = {change.kind: change.rule.breaks for change in compare_specs(loose, SPEC)}
    assert tight == {"lookup_became_master": Break.METADATA}
