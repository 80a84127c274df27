"""One change in the spec changes the files that depend on it, and no other."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from msgspec import structs
from tests.clmkit.codegen.specs import ROOT

from clmkit.codegen.plan import PlannedFile
from clmkit.codegen.project import plan_project
from clmkit.codegen.rules import is_guarded
from clmkit.codegen.tree import Verb, compare_files
from clmkit.mapping.loader import load_spec
from clmkit.mapping.model import Direction, FieldMapping, ObjectMapping, Owner, Presentation, Role, Spec

PERMISSIONS = "generated/permissionsets/"
SUPPORT = "generated/support/"
MANIFEST = f"{SUPPORT}manifest/package.xml"
SAMPLE = {f"{SUPPORT}datasets/sample.{part}.yml": Verb.UPDATE for part in ("mapping", "recipe")}
VALUE_ROLES = (Role.VALUE, Role.FLAG)
MEASURES = ("notice", "notice_unit", "notices", "renewal")
"""Fields by which the renewal rule counts: the lint refuses a mapping that has the rule and not them."""
RENEWALS = {
    f"generated/classes/CLM_{name}.cls" for name in ("Records", "RenewalOpportunities", "RenewalOpportunitiesTest")
}
FOLLOWERS = {"total_value": RENEWALS}
"""Field -> what uses its value beside its object's own rules: a renewal opportunity has the agreement's amount."""


@pytest.fixture(scope="module")
def spec() -> Spec:
    loaded = load_spec(ROOT / "mappings" / "contract.yml")
    assert loaded.spec is not None, loaded.errors
    return loaded.spec


@pytest.fixture(scope="module")
def planned(spec: Spec) -> dict[str, PlannedFile]:
    return files_of(spec)


def files_of(spec: Spec) -> dict[str, PlannedFile]:
    return {file.path: file for file in plan_project(spec).files}


def with_field(spec: Spec, mapping: ObjectMapping, field: FieldMapping, *replacement: FieldMapping) -> Spec:
    fields = [new for old in mapping.fields for new in (replacement if old is field else (old,))]
    changed = structs.replace(mapping, fields=tuple(fields))
    objects = tuple(changed if old is mapping else old for old in spec.objects)
    shown = spec.presentation if replacement else without_field(spec, mapping, field.name)
    return structs.replace(spec, objects=objects, presentation=shown)


def without_field(spec: Spec, mapping: ObjectMapping, name: str) -> Presentation:
    """What people see when the field is no longer shown anywhere."""
    assert spec.presentation is not None
    displays = tuple(
        structs.replace(
            display,
            sections=tuple(structs.replace(s, fields=drop(s.fields, name)) for s in display.sections),
            panel=drop(display.panel, name),
            compact=drop(display.compact, name),
            list_views=tuple(structs.replace(v, columns=drop(v.columns, name)) for v in display.list_views),
        )
        if display.object == mapping.name
        else display
        for display in spec.presentation.displays
    )
    reports = tuple(
        structs.replace(report, columns=drop(report.columns, name), total="" if report.total == name else report.total)
        for report in spec.presentation.reports
    )
    return structs.replace(spec.presentation, displays=displays, reports=reports)


def drop(names: tuple[str, ...], name: str) -> tuple[str, ...]:
    return tuple(other for other in names if other != name)


def is_shown_in(path: str, mapping: ObjectMapping, field: FieldMapping) -> bool:
    """Whether the file shows or describes the field: pages, layouts, lists, reports, its record of the field map."""
    shows = ("flexipages/", "layouts/", "reportTypes/", "reports/", f"objects/{mapping.salesforce}/compactLayouts/")
    more = (f"objects/{mapping.salesforce}/fieldSets/", f"objects/{mapping.salesforce}/listViews/")
    return path == field_record(mapping, field) or path.removeprefix("generated/").startswith((*shows, *more))


def field_record(mapping: ObjectMapping, field: FieldMapping) -> str:
    return f"generated/customMetadata/CLM_Field_Map.{mapping.name.capitalize()}_{field.name}.md-meta.xml"


def created_values(spec: Spec) -> list[tuple[ObjectMapping, FieldMapping]]:
    return [
        (mapping, field)
        for mapping in spec.objects
        if is_guarded(mapping)
        for field in mapping.created
        if field.role in VALUE_ROLES
    ]


def changes(spec: Spec, planned: Mapping[str, PlannedFile]) -> dict[str, Verb]:
    """What changes for an org."""
    return {path: verb for path, verb in all_changes(spec, planned).items() if not path.startswith(SUPPORT)}


def all_changes(spec: Spec, planned: Mapping[str, PlannedFile]) -> dict[str, Verb]:
    """What changes at all. What says the same is the same, and is not rendered: a project for each field takes a while."""
    then = files_of(spec)
    same = {path for path, file in then.items() if file == planned.get(path)}
    new, old = ({path: file.render() for path, file in files.items() if path not in same} for files in (then, planned))
    return {change.path: change.verb for change in compare_files(new, old, "").changes}


def test_a_dropped_field_leaves_the_manifest_and_the_sample_data(
    spec: Spec, planned: Mapping[str, PlannedFile]
) -> None:
    contract = spec.get_object("contract")
    found = all_changes(with_field(spec, contract, contract.get_field("total_value")), planned)
    told = {path: verb for path, verb in found.items() if path.startswith(SUPPORT)}
    assert told == {MANIFEST: Verb.UPDATE, **SAMPLE}


RULES_OF_CONTRACT = "generated/objects/Contract/validationRules/"


def apex_of(mapping: ObjectMapping) -> set[str]:
    stem = mapping.name.capitalize()
    return {f"generated/classes/CLM_{stem}{suffix}.cls" for suffix in ("RulesBase", "RulesTest")}


def test_a_dropped_field_leaves_its_file_its_permissions_its_rule_and_every_page(
    spec: Spec, planned: Mapping[str, PlannedFile]
) -> None:
    for mapping, field in created_values(spec):
        if field.name in MEASURES:
            continue
        path = f"generated/objects/{mapping.salesforce}/fields/{field.salesforce}.field-meta.xml"
        found = changes(with_field(spec, mapping, field), planned)
        assert found.pop(path) is Verb.REMOVE
        assert found[field_record(mapping, field)] is Verb.REMOVE
        touched = {name for name in found if not name.startswith(PERMISSIONS) and not is_shown_in(name, mapping, field)}
        if field.flag_of:  # its validation rule goes, and with it the list of what is made has another name
            touched = {one for one in touched if not one.startswith((RULES_OF_CONTRACT, "generated/staticresources/"))}
        rules = {f"generated/classes/CLM_{mapping.name.capitalize()}RulesBase.cls"}
        followers = FOLLOWERS.get(field.name, set())
        assert followers <= touched
        assert (set() if field.type.kind.is_computed else rules) <= touched - followers <= apex_of(mapping), field.name
        assert f"{PERMISSIONS}CLM_Integration.permissionset-meta.xml" in found


def test_a_field_handed_to_salesforce_changes_rights_rules_tests_and_what_people_see_of_it(
    spec: Spec, planned: Mapping[str, PlannedFile]
) -> None:
    contract = spec.get_object("contract")
    for mapping, field in created_values(spec):
        if mapping is contract and field.owner is Owner.CLM and field.role is Role.VALUE:
            handed = structs.replace(
                field, owner=Owner.SALESFORCE, direction=Direction.SALESFORCE_TO_CLM, editors=field.audience
            )
            found = changes(with_field(spec, mapping, field, handed), planned)
            rules = "generated/classes/CLM_ContractRulesBase.cls"
            others = {name for name in found if not name.startswith(PERMISSIONS)}
            told = {name for name in others if is_shown_in(name, mapping, field)}
            assert others - told <= apex_of(mapping), field.name
            assert field_record(mapping, field) in told
            assert found[rules] is Verb.UPDATE
            assert found[f"{PERMISSIONS}CLM_Integration.permissionset-meta.xml"] is Verb.UPDATE
            assert found[f"{PERMISSIONS}CLM_Steward.permissionset-meta.xml"] is Verb.UPDATE


@pytest.mark.parametrize("attribute", ["label", "help", "description"])
def test_a_word_changed_on_a_field_changes_what_says_it_alone(
    spec: Spec, planned: Mapping[str, PlannedFile], attribute: str
) -> None:
    for mapping, field in created_values(spec):
        renamed = structs.replace(field, **{attribute: "Another text"})
        path = f"generated/objects/{mapping.salesforce}/fields/{field.salesforce}.field-meta.xml"
        told = {field_record(mapping, field): Verb.UPDATE} if attribute == "label" else {}
        found = changes(with_field(spec, mapping, field, renamed), planned)
        rule = {name for name in found if field.flag_of and "/validationRules/" in name}
        assert {name: verb for name, verb in found.items() if name not in rule} == {path: Verb.UPDATE, **told}


def test_another_api_version_changes_the_settings_of_the_code_and_the_manifest_alone(
    spec: Spec, planned: Mapping[str, PlannedFile]
) -> None:
    found = all_changes(structs.replace(spec, api_version="67.0"), planned)
    assert found.keys() == {MANIFEST} | {
        path
        for path in planned
        if path.startswith("generated/") and path.endswith((".cls-meta.xml", ".trigger-meta.xml", ".flow-meta.xml"))
    }
