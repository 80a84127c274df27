"""Who sees and changes what. Sources: "User Permissions and Access" (Salesforce Help), ObjectPermissions, FieldPermissions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from orgtwin.errors import SalesforceError, SaveResult
from orgtwin.org import Org
from orgtwin.records.model import AccessLevel, Caller
from orgtwin.schema.model import Field, FieldType
from orgtwin.seed import administrator, integration_user, new_org

EXTRA = Field("CLM_Id__c", "CLM Id", FieldType.STRING, length=64, unique=True, external_id=True, custom=True)
NEEDED = Field("Must__c", "Must", FieldType.STRING, length=9, required=True, nillable=False, custom=True)


@pytest.fixture
def org() -> Org:
    made = new_org(clock=lambda: datetime(2026, 3, 1, tzinfo=UTC))
    contract = made.schema.find_type("Contract")
    assert contract is not None
    made.replace_schema(made.schema.with_types([replace(contract, fields=(*contract.fields, EXTRA))]))
    return made


@pytest.fixture
def admin(org: Org) -> Caller:
    return administrator(org)


@pytest.fixture
def robot(org: Org) -> Caller:
    return integration_user(org)


Make = Callable[..., str]


@pytest.fixture
def make(org: Org, admin: Caller) -> Make:
    """Insert one record as the administrator; its id."""

    def run(sobject_type: str, /, **values: object) -> str:
        (result,) = org.dml.insert(admin, sobject_type, [values])
        assert result.errors == ()
        return result.record_id or ""

    return run


@pytest.fixture
def permission_set(make: Make) -> str:
    return make("PermissionSet", Name="CLM_Integration", Label="CLM Integration")


@pytest.fixture
def opened(org: Org, make: Make, permission_set: str, robot: Caller) -> str:
    """The integration user may create, read and edit contracts and write the external id; reads accounts."""
    crud = {"PermissionsCreate": True, "PermissionsRead": True, "PermissionsEdit": True}
    make("ObjectPermissions", ParentId=permission_set, SobjectType="Contract", **crud)
    make("ObjectPermissions", ParentId=permission_set, SobjectType="Account", PermissionsRead=True)
    allow(make, permission_set, "Contract.CLM_Id__c", edit=True)
    make("PermissionSetAssignment", PermissionSetId=permission_set, AssigneeId=robot.user_id)
    return permission_set


def allow(make: Make, permission_set: str, name: str, *, edit: bool) -> str:
    flags = {"PermissionsRead": True, "PermissionsEdit": edit}
    return make("FieldPermissions", ParentId=permission_set, SobjectType=name.split(".")[0], Field=name, **flags)


def refusal_of(result: SaveResult) -> tuple[str, str]:
    (error,) = result.errors
    return error.status_code, error.message


# ---- objects


def test_the_integration_profile_opens_no_object(org: Org, robot: Caller) -> None:
    for action in ("read", "create", "edit", "delete", "viewAll", "modifyAll"):
        assert not org.access.can(robot, "Contract", action)
    with pytest.raises(SalesforceError) as refusal:
        org.dml.insert(robot, "Contract", [{}])
    assert refusal.value.code == "INVALID_TYPE"


def test_an_assigned_permission_set_opens_what_it_lists(org: Org, robot: Caller, opened: str) -> None:
    assert [org.access.can(robot, "Contract", a) for a in ("read", "create", "edit", "delete")] == [True] * 3 + [False]
    assert [org.access.can(robot, "Account", a) for a in ("read", "create")] == [True, False]
    with pytest.raises(SalesforceError) as refusal:
        org.dml.insert(robot, "Account", [{"Name": "x"}])
    assert str(refusal.value) == "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY: entity type cannot be inserted: Account"


def test_taking_the_assignment_away_closes_again(org: Org, admin: Caller, robot: Caller, opened: str) -> None:
    assert org.access.can(robot, "Contract", "read")
    assignments = org.table("PermissionSetAssignment").find("AssigneeId", robot.user_id)
    set_of = org.table("PermissionSetAssignment").reader("PermissionSetId")
    given = [str(row[0]) for row in assignments if set_of(row) == opened]
    org.dml.delete(admin, given)
    assert not org.access.can(robot, "Contract", "read")


def test_delete_needs_the_right_to_delete(org: Org, make: Make, robot: Caller, opened: str) -> None:
    contract = make("Contract", AccountId=make("Account", Name="Acme"))
    refused = ("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")
    assert refusal_of(org.dml.delete(robot, [contract])[0]) == refused


def test_modify_all_data_opens_everything_and_view_all_data_reads_it(org: Org, make: Make, admin: Caller) -> None:
    assert org.access.can(admin, "Contract", "modifyAll")
    viewer = make("PermissionSet", Name="Viewer", Label="Viewer", PermissionsViewAllData=True)
    user = make_user(org, make, "viewer")
    make("PermissionSetAssignment", PermissionSetId=viewer, AssigneeId=user)
    caller = Caller(user)
    assert org.access.can(caller, "Order", "viewAll")
    assert not org.access.can(caller, "Order", "edit")


def make_user(org: Org, make: Make, alias: str, profile: str = "Minimum Access - Salesforce", **values: object) -> str:
    profiles = org.table("Profile")
    name_of = profiles.reader("Name")
    profile_id = next(str(row[0]) for row in profiles.rows() if name_of(row) == profile)
    address = f"{alias}@orgtwin.example"
    settings = {"TimeZoneSidKey": "Europe/London", "LocaleSidKey": "en_US", "LanguageLocaleKey": "en_US"}
    return make(
        "User",
        LastName=alias,
        Alias=alias[:8],
        Username=address,
        Email=address,
        ProfileId=profile_id,
        EmailEncodingKey="UTF-8",
        **settings,
        **values,
    )


# ---- fields


def test_a_deployed_field_exists_for_nobody_until_it_is_granted(
    org: Org, admin: Caller, robot: Caller, make: Make, opened: str
) -> None:
    assert "clm_id__c" not in org.access.readable_fields(admin, "Contract")
    with pytest.raises(SalesforceError) as refusal:
        org.dml.insert(admin, "Contract", [{"CLM_Id__c": "1"}])
    assert str(refusal.value) == "INVALID_FIELD: No such column 'CLM_Id__c' on sobject of type Contract"
    account = make("Account", Name="Acme")
    assert org.dml.insert(robot, "Contract", [{"AccountId": account, "CLM_Id__c": "1"}])[0].success


def test_a_field_that_is_only_readable_is_refused_by_name(
    org: Org, admin: Caller, robot: Caller, make: Make, opened: str
) -> None:
    allow(make, opened, "Contract.Description", edit=False)
    account = make("Account", Name="Acme")
    (result,) = org.dml.insert(robot, "Contract", [{"AccountId": account, "Description": "x"}])
    assert refusal_of(result) == (
        "INVALID_FIELD_FOR_INSERT_UPDATE",
        "Unable to create/update fields: Description. Please check the security settings of this field and verify that it is "
        "read/write for your profile or permission set.",
    )


def test_fields_without_security_follow_the_object(org: Org, robot: Caller, opened: str) -> None:
    readable = org.access.readable_fields(robot, "Contract")
    assert {"accountid", "status", "statuscode", "ownerid", "contractnumber", "systemmodstamp"} <= readable
    assert {"description", "enddate", "specialterms", "billingcity", "name"}.isdisjoint(readable)
    editable = org.access.editable_fields(robot, "Contract")
    assert {"accountid", "status", "clm_id__c"} <= editable
    assert {"id", "statuscode", "contractnumber", "createddate"}.isdisjoint(editable)


def test_a_required_field_is_writable_without_a_grant(org: Org, robot: Caller, opened: str) -> None:
    contract = org.schema.find_type("Contract")
    assert contract is not None
    org.replace_schema(org.schema.with_types([replace(contract, fields=(*contract.fields, NEEDED))]))
    assert "must__c" in org.access.editable_fields(robot, "Contract")


def test_an_address_is_granted_as_a_whole(org: Org, robot: Caller, make: Make, opened: str) -> None:
    allow(make, opened, "Contract.BillingAddress", edit=True)
    readable = org.access.readable_fields(robot, "Contract")
    assert {"billingstreet", "billingcity", "billingaddress"} <= readable
    assert "shippingcity" not in readable


def test_an_external_id_that_the_caller_cannot_read_is_no_key(org: Org, admin: Caller) -> None:
    with pytest.raises(SalesforceError) as refusal:
        org.dml.upsert(admin, "Contract", "CLM_Id__c", [{"CLM_Id__c": "1"}])
    assert refusal.value.status == 404


def test_system_mode_asks_nothing_but_what_the_platform_fills_in(org: Org, robot: Caller, make: Make) -> None:
    system = replace(robot, access_level=AccessLevel.SYSTEM_MODE)
    row = {"AccountId": make("Account", Name="Acme"), "CLM_Id__c": "1"}
    assert org.dml.insert(system, "Contract", [row])[0].success
    (refused,) = org.dml.insert(system, "Contract", [{**row, "CreatedDate": "2020-01-01T00:00:00Z"}])
    assert refused.errors[0].status_code == "INVALID_FIELD_FOR_INSERT_UPDATE"


# ---- groups and muting


def test_a_group_gives_what_its_sets_give_less_what_it_mutes(org: Org, make: Make) -> None:
    user = make_user(org, make, "grouped")
    inside = make(
        "PermissionSet", Name="Inside", Label="Inside", PermissionsActivateContract=True, PermissionsApiEnabled=True
    )
    rights = {"PermissionsRead": True, "PermissionsEdit": True, "PermissionsCreate": True}
    make("ObjectPermissions", ParentId=inside, SobjectType="Contract", **rights)
    allow(make, inside, "Contract.Description", edit=True)
    allow(make, inside, "Contract.SpecialTerms", edit=True)
    allow(make, inside, "Contract.CompanySignedDate", edit=True)
    group = make("PermissionSetGroup", DeveloperName="Legal", MasterLabel="Legal")
    muting = make("MutingPermissionSet", DeveloperName="Mute", MasterLabel="Mute", PermissionsActivateContract=True)
    make("ObjectPermissions", ParentId=muting, SobjectType="Contract", PermissionsCreate=True)
    make(
        "FieldPermissions", ParentId=muting, SobjectType="Contract", Field="Contract.SpecialTerms", PermissionsEdit=True
    )
    signed = {"SobjectType": "Contract", "Field": "Contract.CompanySignedDate"}
    make("FieldPermissions", ParentId=muting, **signed, PermissionsRead=True, PermissionsEdit=True)
    for member in (inside, muting):
        make("PermissionSetGroupComponent", PermissionSetGroupId=group, PermissionSetId=member)
    make("PermissionSetAssignment", PermissionSetGroupId=group, AssigneeId=user)
    caller = Caller(user)
    assert [org.access.can(caller, "Contract", a) for a in ("read", "edit", "create")] == [True, True, False]
    assert org.access.has_permission(caller, "ApiEnabled")
    assert not org.access.has_permission(caller, "ActivateContract")
    editable = org.access.editable_fields(caller, "Contract")
    assert ("description" in editable, "specialterms" in editable) == (True, False)
    readable = org.access.readable_fields(caller, "Contract")
    assert ("specialterms" in readable, "companysigneddate" in readable) == (True, False)


# ---- permissions


def test_user_permissions_come_from_the_profile_and_its_name_is_known_in_any_case(
    org: Org, admin: Caller, robot: Caller
) -> None:
    assert org.access.has_permission(robot, "apiEnabled")
    assert not org.access.has_permission(robot, "ModifyAllData")
    assert org.access.has_permission(admin, "ModifyAllData")


def test_a_custom_permission_is_granted_by_a_permission_set(
    org: Org, robot: Caller, make: Make, permission_set: str
) -> None:
    row = {"DeveloperName": "CLM_Bypass", "MasterLabel": "CLM Bypass"}
    (made,) = org.dml.insert(org.system_caller(), "CustomPermission", [row])
    custom = made.record_id
    make("SetupEntityAccess", ParentId=permission_set, SetupEntityId=custom)
    assert not org.access.has_permission(robot, "CLM_Bypass")
    make("PermissionSetAssignment", PermissionSetId=permission_set, AssigneeId=robot.user_id)
    assert org.access.has_permission(robot, "clm_bypass")


def test_an_activated_contract_is_deleted_only_with_the_permission(org: Org, admin: Caller, make: Make) -> None:
    contract = make("Contract", AccountId=make("Account", Name="Acme"))
    assert org.dml.update(admin, "Contract", [{"Id": contract, "Status": "Activated"}])[0].success
    clerk = make_user(org, make, "clerk", profile="Standard User")
    org.dml.update(admin, "Contract", [{"Id": contract, "OwnerId": clerk}])
    message = "Your attempt to delete this contract failed because it is activated."
    assert refusal_of(org.dml.delete(Caller(clerk), [contract])[0]) == ("DELETE_FAILED", message)
    assert org.dml.delete(admin, [contract])[0].success


# ---- rows


@pytest.fixture
def private(org: Org) -> None:
    contract = org.schema.find_type("Contract")
    assert contract is not None
    org.replace_schema(org.schema.with_types([replace(contract, sharing_model="Private")]))


def sees(org: Org, caller: Caller, record_id: str) -> bool:
    row = org.table("Contract").get(record_id)
    row_filter = org.access.row_filter(caller, "Contract")
    assert row is not None
    return row_filter is None or row_filter(row)


@pytest.mark.usefixtures("private")
def test_a_private_record_is_seen_by_its_owner_those_above_and_view_all(org: Org, admin: Caller, make: Make) -> None:
    top = make("UserRole", Name="Top", DeveloperName="Top")
    under = make("UserRole", Name="Under", DeveloperName="Under", ParentRoleId=top)
    boss = make_user(org, make, "boss", profile="Standard User", UserRoleId=top)
    owner = make_user(org, make, "owner", profile="Standard User", UserRoleId=under)
    peer = make_user(org, make, "peer", profile="Standard User", UserRoleId=under)
    contract = make("Contract", AccountId=make("Account", Name="Acme"), OwnerId=owner)
    callers = {"boss": Caller(boss), "owner": Caller(owner), "peer": Caller(peer), "admin": admin}
    assert {name: sees(org, c, contract) for name, c in callers.items()} == {
        "boss": True,
        "owner": True,
        "peer": False,
        "admin": True,
    }
    refused = ("INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", "insufficient access rights on cross-reference id")
    assert refusal_of(org.dml.update(callers["peer"], "Contract", [{"Id": contract}])[0]) == refused
    assert org.dml.update(callers["boss"], "Contract", [{"Id": contract}])[0].success


@pytest.mark.usefixtures("private")
def test_a_parent_that_the_caller_does_not_see_cannot_be_referred_to(org: Org, make: Make) -> None:
    account = make("Account", Name="Acme")
    contract = make("Contract", AccountId=account)
    clerk = Caller(make_user(org, make, "clerk", profile="Standard User"))
    row = {"AccountId": account, "ContractId": contract, "EffectiveDate": "2026-01-01", "Status": "Draft"}
    (result,) = org.dml.insert(clerk, "Order", [row])
    assert refusal_of(result) == (
        "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
        f"insufficient access rights on cross-reference id: {contract[:15]}",
    )


def test_a_parent_of_an_object_that_the_caller_cannot_read_cannot_be_referred_to(
    org: Org, make: Make, robot: Caller, opened: str
) -> None:
    account, contact = make("Account", Name="Acme"), make("Contact", LastName="Signer")
    allow(make, opened, "Contract.CustomerSignedId", edit=True)
    (result,) = org.dml.insert(robot, "Contract", [{"AccountId": account, "CustomerSignedId": contact}])
    assert refusal_of(result)[0] == "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"


def test_a_parent_is_not_found_by_a_field_that_the_caller_cannot_read(
    org: Org, admin: Caller, robot: Caller, make: Make, opened: str
) -> None:
    account = org.schema.find_type("Account")
    assert account is not None
    org.replace_schema(org.schema.with_types([replace(account, fields=(*account.fields, EXTRA))]))
    make("Account", Name="Acme")
    with pytest.raises(SalesforceError) as refusal:
        org.dml.insert(robot, "Contract", [{"Account": {"CLM_Id__c": "x"}}])
    assert str(refusal.value) == "INVALID_FIELD: No such column 'CLM_Id__c' on sobject of type Account"


def test_public_read_only_shows_all_and_lets_the_owner_change(org: Org, make: Make) -> None:
    contract_type = org.schema.find_type("Contract")
    assert contract_type is not None
    org.replace_schema(org.schema.with_types([replace(contract_type, sharing_model="Read")]))
    clerk = Caller(make_user(org, make, "clerk", profile="Standard User"))
    contract = make("Contract", AccountId=make("Account", Name="Acme"))
    assert sees(org, clerk, contract)
    assert not org.dml.update(clerk, "Contract", [{"Id": contract}])[0].success
    (own,) = org.dml.insert(clerk, "Contract", [{"AccountId": make("Account", Name="Own")}])
    assert org.dml.update(clerk, "Contract", [{"Id": own.record_id}])[0].success
