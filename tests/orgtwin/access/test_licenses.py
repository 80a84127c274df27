"""Licences, and permission sets that give nothing now: expired, or waiting for a session to activate them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.orgtwin.access.stage import Stage

from orgtwin.records.model import Caller, Value
from orgtwin.records.own_rows import change_own_row
from orgtwin.seed import INTEGRATION_LICENSE, integration_user, new_org

LIMIT = "LICENSE_LIMIT_EXCEEDED"


@pytest.fixture
def stage() -> Stage:
    return Stage()


def refusals(stage: Stage, sobject_type: str, **values: object) -> list[tuple[str, str]]:
    (result,) = stage.org.dml.insert(stage.admin, sobject_type, [values])
    return [(error.status_code, error.message) for error in result.errors]


def value(stage: Stage, sobject_type: str, record_id: str, field: str) -> Value:
    table = stage.org.table(sobject_type)
    row = table.get(record_id)
    assert row is not None
    return table.reader(field)(row)


def assign(stage: Stage, permission_set: str, person: str) -> list[tuple[str, str]]:
    return refusals(stage, "PermissionSetAssignment", PermissionSetId=permission_set, AssigneeId=stage.ids[person])


def test_a_user_license_has_its_limit(stage: Stage) -> None:
    license_id = stage.find("UserLicense", LicenseDefinitionKey="SFDC")
    used = value(stage, "UserLicense", license_id, "UsedLicenses")
    assert used == 10
    change_own_row(stage.org, "UserLicense", license_id, {"TotalLicenses": used})
    address = "one.more@orgtwin.example"
    person = {"LastName": "More", "Alias": "more", "Username": address, "Email": address, "EmailEncodingKey": "UTF-8"}
    zone = {"TimeZoneSidKey": "Europe/London", "LocaleSidKey": "en_US", "LanguageLocaleKey": "en_US"}
    more = {**person, **zone, "ProfileId": stage.profile}
    assert refusals(stage, "User", **more) == [(LIMIT, "License Limit Exceeded")]
    assert refusals(stage, "User", **more, IsActive=False) == []
    (result,) = stage.org.dml.update(stage.admin, "User", [{"Id": stage.ids["clerk"], "IsActive": False}])
    assert result.success
    (back,) = stage.org.dml.update(stage.admin, "User", [{"Id": stage.find("User", Alias="more"), "IsActive": True}])
    assert back.success


def test_a_user_is_of_the_type_of_the_profile(stage: Stage) -> None:
    assert value(stage, "User", stage.ids["clerk"], "UserType") == "Standard"
    guest = stage.find("Profile", Name="Guest License User")
    (result,) = stage.org.dml.update(stage.admin, "User", [{"Id": stage.ids["clerk"], "ProfileId": guest}])
    assert result.success
    assert value(stage, "User", stage.ids["clerk"], "UserType") == "Guest"


def test_a_permission_set_brings_the_license_it_was_made_for_as_long_as_there_are_any(stage: Stage) -> None:
    license_id = stage.find("PermissionSetLicense", DeveloperName=INTEGRATION_LICENSE)
    change_own_row(stage.org, "PermissionSetLicense", license_id, {"TotalLicenses": 1})
    permission_set = stage.make("PermissionSet", "", Name="Sync", Label="Sync", LicenseId=license_id)
    other = stage.make("PermissionSet", "", Name="Other", Label="Other", LicenseId=license_id)
    assert assign(stage, permission_set, "owner") == []
    assert value(stage, "PermissionSetLicense", license_id, "UsedLicenses") == 1
    assert assign(stage, other, "owner") == []
    assert assign(stage, permission_set, "peer") == [(LIMIT, "Permission Set License Limit Exceeded")]
    direct = {"PermissionSetLicenseId": license_id, "AssigneeId": stage.ids["peer"]}
    assert refusals(stage, "PermissionSetLicenseAssign", **direct) == [(LIMIT, "Permission Set License Limit Exceeded")]


def test_a_permission_set_of_a_user_license_is_for_users_of_that_license(stage: Stage) -> None:
    license_id = stage.find("UserLicense", LicenseDefinitionKey="SFDC_INTEGRATION")
    permission_set = stage.make("PermissionSet", "", Name="Robots", Label="Robots", LicenseId=license_id)
    text = (
        "Can't assign permission set Robots to user owner. The user license doesn't match the permission set's license."
    )
    assert assign(stage, permission_set, "owner") == [("FIELD_INTEGRITY_EXCEPTION", text)]
    stage.ids["robot"] = integration_user(stage.org).user_id
    assert assign(stage, permission_set, "robot") == []


def test_an_assignment_ends_when_it_expires() -> None:
    now = [datetime(2026, 3, 1, 12, tzinfo=UTC)]
    stage = Stage(new_org(clock=lambda: now[0]))
    permission_set = stage.make("PermissionSet", "", Name="Once", Label="Once", PermissionsViewAllData=True)
    until = {"ExpirationDate": "2026-03-02T12:00:00Z"}
    stage.make("PermissionSetAssignment", "", PermissionSetId=permission_set, AssigneeId=stage.ids["peer"], **until)
    peer = Caller(stage.ids["peer"])
    assert stage.org.has_permission(peer, "ViewAllData")
    now[0] += timedelta(hours=23, minutes=59)
    assert stage.org.has_permission(peer, "ViewAllData")
    now[0] += timedelta(minutes=1)
    assert not stage.org.has_permission(peer, "ViewAllData")


def test_a_permission_set_that_waits_for_a_session_gives_nothing(stage: Stage) -> None:
    waiting = {"PermissionsViewAllData": True, "HasActivationRequired": True}
    assert assign(stage, stage.make("PermissionSet", "", Name="Later", Label="Later", **waiting), "peer") == []
    assert not stage.org.has_permission(stage.caller("peer"), "ViewAllData")


def test_a_group_of_permission_sets_is_calculated_when_it_is_made(stage: Stage) -> None:
    group = stage.make("PermissionSetGroup", "", DeveloperName="Legal", MasterLabel="Legal")
    assert value(stage, "PermissionSetGroup", group, "Status") == "Updated"
