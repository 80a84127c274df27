"""One change in the spec changes the files that depend on it, and no other."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from msgspec import structs

from clmkit.codegen.project import plan_project
from clmkit.codegen.rules import is_guarded
from clmkit.codegen.tree import Verb, compare_files
from clmkit.mapping.model import Direction, FieldMapping, ObjectMapping, Owner, Role, Spec

PERMISSIONS = "generated/permissionsets/"
VALUE_ROLES = (Role.VALUE, Role.FLAG)


def with_field(spec: Spec, mapping: ObjectMapping, field: FieldMapping, *replacement: FieldMapping) -> Spec:
    fields = [new for old in mapping.fields for new in (replacement if old is field else (old,))]
    changed = structs.replace(mapping, fields=tuple(fields))
    return structs.replace(spec, objects=tuple(changed if old is mapping else old for old in spec.objects))


def created_values(spec: Spec) -> list[tuple[ObjectMapping, FieldMapping]]:
    return [
        (mapping, field)
        for mapping in spec.objects
        if is_guarded(mapping)
        for field in mapping.created
        if field.role in VALUE_ROLES
    ]


def changes(spec: Spec, planned: Mapping[str, bytes]) -> dict[str, Verb]:
    return {change.path: change.verb for change in compare_files(plan_project(spec).render(), planned, "").changes}


def apex_of(mapping: ObjectMapping) -> set[str]:
    stem = mapping.name.capitalize()
    return {f"generated/classes/CLM_{stem}{suffix}.cls" for suffix in ("RulesBase", "RulesTest")}


def test_a_dropped_field_leaves_its_file_its_permissions_and_its_rule(spec: Spec, planned: Mapping[str, bytes]) -> None:
    for mapping, field in created_values(spec):
        path = f"generated/objects/{mapping.salesforce}/fields/{field.salesforce}.field-meta.xml"
        found = changes(with_field(spec, mapping, field), planned)
        assert found.pop(path) is Verb.REMOVE
        touched = {name for name in found if not name.startswith(PERMISSIONS)}
        rules = {f"generated/classes/CLM_{mapping.name.capitalize()}RulesBase.cls"}
        assert rules <= touched <= apex_of(mapping), field.name
        assert f"{PERMISSIONS}CLM_Integration.permissionset-meta.xml" in found


def test_a_field_handed_to_salesforce_changes_rights_rules_and_tests_only(
    spec: Spec, planned: Mapping[str, bytes]
) -> None:
    contract = spec.get_object("contract")
    for mapping, field in created_values(spec):
        if mapping is contract and field.owner is Owner.CLM and field.role is Role.VALUE:
            handed = structs.replace(
                field, owner=Owner.SALESFORCE, direction=Direction.SALESFORCE_TO_CLM, editors=field.audience
            )
            found = changes(with_field(spec, mapping, field, handed), planned)
            rules = "generated/classes/CLM_ContractRulesBase.cls"
            assert {name for name in found if not name.startswith(PERMISSIONS)} <= apex_of(mapping), field.name
            assert found[rules] is Verb.UPDATE
            assert found[f"{PERMISSIONS}CLM_Integration.permissionset-meta.xml"] is Verb.UPDATE
            assert found[f"{PERMISSIONS}CLM_Steward.permissionset-meta.xml"] is Verb.UPDATE


@pytest.mark.parametrize("attribute", ["label", "help", "description"])
def test_a_word_changed_on_a_field_changes_its_file_alone(
    spec: Spec, planned: Mapping[str, bytes], attribute: str
) -> None:
    for mapping, field in created_values(spec):
        renamed = structs.replace(field, **{attribute: "Another text"})
        path = f"generated/objects/{mapping.salesforce}/fields/{field.salesforce}.field-meta.xml"
        assert changes(with_field(spec, mapping, field, renamed), planned) == {path: Verb.UPDATE}


def test_another_api_version_changes_the_settings_of_the_code_alone(spec: Spec, planned: Mapping[str, bytes]) -> None:
    found = changes(structs.replace(spec, api_version="67.0"), planned)
    assert found.keys() == {
        path
        for path in planned
        if path.startswith("generated/") and path.endswith((".cls-meta.xml", ".trigger-meta.xml"))
    }
