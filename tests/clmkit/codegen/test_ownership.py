"""Who owns a field of the shipped spec, in its permission sets and its guard; that both agree with the sync, and for every spec, is
told by `tests/clmkit/templates/test_one_owner.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal

import pytest
from tests.clmkit.codegen.specs import SPECS, project_of

from clmkit.codegen.permissions import may_edit, permission_set, takes_field_security
from clmkit.codegen.rules import compile_rules, is_guarded, locked_statuses
from clmkit.codegen.xml import parse_component
from clmkit.mapping.model import AudienceKind, FieldKind, FieldMapping, ObjectMapping, Owner, Spec
from clmkit.sync.decide import Action, FieldFacts, decide_field

# Two values that differ, for the field types that text cannot stand for.
VALUES: dict[FieldKind, tuple[object, object]] = {
    FieldKind.CHECKBOX: (False, True),
    FieldKind.CURRENCY: (Decimal(1), Decimal(2)),
    FieldKind.DATE: (date(2030, 1, 1), date(2030, 1, 2)),
    FieldKind.NUMBER: (Decimal(1), Decimal(2)),
}
NO_FIELD_SECURITY = (
    "AccountId",
    "Status",
    "StatusCode",
    "OwnerId",
    "ContractNumber",
    "RecordTypeId",
    "CurrencyIsoCode",
)


def guarded_fields(spec: Spec) -> Iterator[tuple[ObjectMapping, FieldMapping]]:
    for mapping in spec.objects:
        if is_guarded(mapping):
            for field in mapping.columns:
                yield mapping, field


def entries(planned: Mapping[str, bytes], name: str, element: str, key: str) -> dict[str, Mapping[str, object]]:
    return entries_of(planned[f"generated/permissionsets/{name}.permissionset-meta.xml"], element, key)


def entries_of(content: bytes, element: str, key: str) -> dict[str, Mapping[str, object]]:
    found = parse_component(content)[1].get(element, [])
    rows = found if isinstance(found, list) else [found]
    return {str(entry[key]): entry for entry in rows if isinstance(entry, Mapping)}


def test_what_people_may_never_edit_is_what_the_guard_always_locks(spec: Spec) -> None:
    for mapping, field in guarded_fields(spec):
        always_locked = {owned.field.name for owned in compile_rules(spec, mapping).owned if not owned.statuses}
        editors = [a.name for a in spec.audiences if a.kind is AudienceKind.PEOPLE and may_edit(a, mapping, field)]
        assert not (editors and field.name in always_locked), (
            f"{mapping.name}.{field.name}: {editors} may edit, the guard refuses"
        )
        assert (field.owner is Owner.CLM) == (field.name in always_locked), f"{mapping.name}.{field.name}"


def test_what_the_sync_puts_back_in_salesforce_the_integration_may_write(spec: Spec) -> None:
    assert spec.lifecycle is not None
    for mapping, field in guarded_fields(spec):
        before, after = VALUES.get(field.type.kind, ("a", "b"))
        for state in spec.lifecycle.states:
            facts = FieldFacts(before, before, after, state.name, state.name)
            if decide_field(field, facts).action is Action.PUSH:
                assert may_edit(spec.integration, mapping, field), f"{mapping.name}.{field.name} in {state.name}"


def test_a_shared_field_is_locked_in_the_states_that_the_clm_wins(spec: Spec) -> None:
    contract = spec.get_object("contract")
    shared = [field for field in contract.columns if field.owner is Owner.SHARED]
    assert shared
    assert spec.lifecycle is not None
    for field in shared:
        won = {name for row in field.precedence if row.wins is Owner.CLM for name in row.states} | set(
            field.frozen_from
        )
        locked = locked_statuses(spec, field)
        assert set(locked) == {state.status for state in spec.lifecycle.states if state.name in won}
        assert 0 < len(locked) < len(spec.lifecycle.states)


def test_every_created_field_is_readable_by_the_integration(spec: Spec, planned: Mapping[str, bytes]) -> None:
    named = entries(planned, spec.integration.permission_set, "fieldPermissions", "field")
    for mapping in spec.objects:
        for field in mapping.created:
            if not field.required and field.type.kind is not FieldKind.MASTER_DETAIL:
                assert f"{mapping.salesforce}.{field.salesforce}" in named


@pytest.mark.parametrize("name", SPECS)
def test_every_generated_field_stands_in_a_permission_set_or_cannot(name: str) -> None:
    """No entry names a required or a master-detail field, nor one of an event, of custom metadata or of a custom setting."""
    project, named, fields = project_of(name), set[str](), dict[str, Mapping[str, object]]()
    for path, content in project.items():
        parts = path.split("/")
        if parts[1] == "permissionsets":
            named |= entries_of(content, "fieldPermissions", "field").keys()
        elif parts[1] == "objects" and parts[3] == "fields":
            fields[f"{parts[2]}.{parts[4].split('.')[0]}"] = parse_component(content)[1]
    assert fields
    left = {field: body for field, body in fields.items() if field not in named}
    unsaid = [
        field
        for field, body in left.items()
        if not field.partition(".")[0].endswith(("__e", "__mdt", "_Automation__c"))
        and body.get("required") != "true"
        and body["type"] != "MasterDetail"
    ]
    assert unsaid == []


def test_no_permission_set_names_a_field_without_field_security(spec: Spec, planned: Mapping[str, bytes]) -> None:
    for audience in spec.audiences:
        named = entries(planned, audience.permission_set, "fieldPermissions", "field")
        assert not {f"Contract.{name}" for name in NO_FIELD_SECURITY} & named.keys()
        for mapping in spec.objects:
            for field in mapping.columns:
                if field.required or field.type.kind is FieldKind.MASTER_DETAIL:
                    assert not takes_field_security(field)
                    assert f"{mapping.salesforce}.{field.salesforce}" not in named


def test_a_field_stands_in_the_sets_of_its_audience_only(spec: Spec, planned: Mapping[str, bytes]) -> None:
    reader = entries(planned, "CLM_Reader", "fieldPermissions", "field")
    steward = entries(planned, "CLM_Steward", "fieldPermissions", "field")
    assert "Contract.CLM_ARR__c" not in reader
    assert "Contract.CLM_ARR__c" in steward
    editable = {name for name, entry in reader.items() if entry["editable"] == "true"}
    assert editable == {
        f"{mapping.salesforce}.{field.salesforce}"
        for mapping in spec.objects
        for field in mapping.columns
        if "reader" in field.editors and takes_field_security(field)
    }


@pytest.mark.parametrize("right", ["allowDelete", "modifyAllRecords", "viewAllRecords"])
def test_nobody_is_granted_more_than_rows_one_by_one(spec: Spec, planned: Mapping[str, bytes], right: str) -> None:
    for audience in spec.audiences:
        granted = entries(planned, audience.permission_set, "objectPermissions", "object")
        assert {name for name, entry in granted.items() if entry[right] != "false"} == set()


def test_only_the_integration_creates_and_holds_the_bypass(spec: Spec, planned: Mapping[str, bytes]) -> None:
    for audience in spec.audiences:
        is_integration = audience.kind is AudienceKind.INTEGRATION_USER
        granted = entries(planned, audience.permission_set, "objectPermissions", "object")
        creating = {name for name, entry in granted.items() if entry["allowCreate"] == "true"}
        assert bool(creating) == is_integration
        assert ("customPermissions" in permission_set(spec, audience)) == is_integration


def test_the_integration_does_not_edit_what_salesforce_owns(planned: Mapping[str, bytes], spec: Spec) -> None:
    granted = entries(planned, spec.integration.permission_set, "objectPermissions", "object")
    for name in ("Account", "Contact"):
        rights = [granted[name][right] for right in ("allowRead", "allowCreate", "allowEdit")]
        assert rights == ["true", "false", "false"]


def test_somebody_may_edit_every_created_field(spec: Spec, planned: Mapping[str, bytes]) -> None:
    editable: set[str] = set()
    for path in planned:
        if path.startswith("generated/permissionsets/"):
            named = entries(planned, path.split("/")[-1].split(".")[0], "fieldPermissions", "field")
            editable |= {field for field, entry in named.items() if entry["editable"] == "true"}
    created = {
        f"{mapping.salesforce}.{field.salesforce}"
        for mapping in spec.objects
        for field in mapping.created
        if takes_field_security(field) and not field.type.kind.is_computed
    }
    assert created - editable == set()


def test_the_linking_set_edits_the_keys_on_records_of_salesforce_and_nothing_else(planned: Mapping[str, bytes]) -> None:
    fields = entries(planned, "CLM_Linking", "fieldPermissions", "field")
    objects = entries(planned, "CLM_Linking", "objectPermissions", "object")
    assert list(fields) == ["Account.CLM_Party_Id__c", "Contact.CLM_Person_Id__c"]
    assert list(objects) == ["Account", "Contact"]


def test_the_renewals_set_reads_which_agreement_an_opportunity_renews_and_nothing_else(
    planned: Mapping[str, bytes],
) -> None:
    fields = entries(planned, "CLM_Renewals", "fieldPermissions", "field")
    objects = entries(planned, "CLM_Renewals", "objectPermissions", "object")
    assert {name: entry["editable"] for name, entry in fields.items()} == {"Opportunity.CLM_Renewal_Of__c": "false"}
    assert [name for name, entry in objects.items() if entry["allowRead"] == "true"] == ["Account", "Opportunity"]
    assert {entry["allowEdit"] for entry in objects.values()} == {"false"}


@pytest.mark.parametrize("name", SPECS)
def test_a_permission_set_names_only_fields_of_objects_that_it_lets_its_users_read(name: str) -> None:
    """Field permissions on an object without Read open nothing, and look as if they did."""
    files = project_of(name)
    sets = [path.split("/")[-1].split(".")[0] for path in files if path.startswith("generated/permissionsets/")]
    assert sets
    for one in sets:
        fields = entries(files, one, "fieldPermissions", "field")
        granted = entries(files, one, "objectPermissions", "object")
        readable = {sobject for sobject, entry in granted.items() if entry["allowRead"] == "true"}
        assert "User" not in granted, one  # opened by system permissions: no set can name the object
        readable.add("User")
        assert {field.partition(".")[0] for field in fields} <= readable, one
