"""Permission files become the records that access reads."""

from __future__ import annotations

from typing import Any

import pytest

from orgtwin.metadata.deploy_model import DeployStatus
from orgtwin.metadata.service import MetadataService
from orgtwin.metadata.types.record_writes import find_row, find_rows
from orgtwin.org import Org
from orgtwin.records.model import Value
from orgtwin.seed import integration_user

_RIGHTS = "<allowCreate>{c}</allowCreate><allowDelete>false</allowDelete><allowEdit>{c}</allowEdit><allowRead>true</allowRead>"
_OBJECT = (
    f"<objectPermissions>{_RIGHTS}<modifyAllRecords>false</modifyAllRecords><object>{{name}}</object>"
    "<viewAllRecords>false</viewAllRecords></objectPermissions>"
)
_FIELD = (
    "<fieldPermissions><editable>{edit}</editable><field>{name}</field><readable>true</readable></fieldPermissions>"
)
_ACCOUNT = _OBJECT.format(name="Account", c="false")
_CONTRACT = _OBJECT.format(name="Contract", c="true")


def _set(inside: str, name: str = "Sync") -> tuple[dict[str, str], dict[str, list[str]]]:
    body = f"<PermissionSet>{inside}</PermissionSet>"
    return {f"permissionsets/{name}.permissionset": body}, {"PermissionSet": [name]}


def _rows(org: Org, sobject_type: str, parent: str, *fields: str) -> list[tuple[Value, ...]]:
    table = org.table(sobject_type)
    read_parent = table.reader("ParentId")
    return sorted(
        tuple(table.reader(field)(row) for field in fields) for row in table.rows() if read_parent(row) == parent
    )


def _value(org: Org, sobject_type: str, record_id: str, field: str) -> Value:
    table = org.table(sobject_type)
    row = table.get(record_id)
    assert row is not None
    return table.reader(field)(row)


@pytest.fixture
def permission_set(deploy: Any, org: Org) -> str:
    """A deployed permission set that writes contracts."""
    fields = _FIELD.format(name="Contract.Description", edit="true") + _FIELD.format(
        name="Contract.EndDate", edit="false"
    )
    user = "<userPermissions><enabled>true</enabled><name>ActivateContract</name></userPermissions>"
    job = deploy(*_set(f"<description>d</description>{fields}<label>Sync</label>{_ACCOUNT}{_CONTRACT}{user}"))
    assert job.status is DeployStatus.SUCCEEDED
    return str(find_row(org, "PermissionSet", Name="Sync"))


def test_a_permission_set_becomes_its_rows(org: Org, permission_set: str) -> None:
    assert _value(org, "PermissionSet", permission_set, "Label") == "Sync"
    assert _value(org, "PermissionSet", permission_set, "PermissionsActivateContract") is True
    assert _rows(org, "ObjectPermissions", permission_set, "SobjectType", "PermissionsRead", "PermissionsCreate") == [
        ("Account", True, False),
        ("Contract", True, True),
    ]
    assert _rows(org, "FieldPermissions", permission_set, "Field", "PermissionsEdit") == [
        ("Contract.Description", True),
        ("Contract.EndDate", False),
    ]


def test_a_later_file_replaces_the_whole_set(deploy: Any, org: Org, permission_set: str) -> None:
    deploy(*_set(f"<label>Sync 2</label>{_ACCOUNT}"))

    assert find_row(org, "PermissionSet", Name="Sync") == permission_set
    assert _value(org, "PermissionSet", permission_set, "PermissionsActivateContract") is False
    assert _rows(org, "ObjectPermissions", permission_set, "SobjectType") == [("Account",)]
    assert _rows(org, "FieldPermissions", permission_set, "Field") == []


def test_whoever_has_the_set_may_do_what_it_grants(org: Org, permission_set: str) -> None:
    user = integration_user(org)
    assert not org.access.can(user, "Contract", "create")

    assignment = {"AssigneeId": user.user_id, "PermissionSetId": permission_set}
    org.dml.insert(org.system_caller(), "PermissionSetAssignment", [assignment])

    assert org.access.can(user, "Contract", "create")
    assert "description" in org.access.editable_fields(user, "Contract")
    assert "enddate" in org.access.readable_fields(user, "Contract")
    assert "specialterms" not in org.access.readable_fields(user, "Contract")
    assert org.access.has_permission(user, "ActivateContract")


def test_a_group_grants_what_its_sets_grant_less_what_it_mutes(deploy: Any, org: Org, permission_set: str) -> None:
    muted = _OBJECT.format(name="Contract", c="true").replace("<allowRead>true", "<allowRead>false")
    files = {
        "mutingpermissionsets/Quiet.mutingpermissionset": f"<MutingPermissionSet><label>Quiet</label>{muted}</MutingPermissionSet>",
        "permissionsetgroups/All.permissionsetgroup": (
            "<PermissionSetGroup><label>All</label><mutingPermissionSets>Quiet</mutingPermissionSets>"
            "<permissionSets>Sync</permissionSets></PermissionSetGroup>"
        ),
    }
    job = deploy(files, {"MutingPermissionSet": ["Quiet"], "PermissionSetGroup": ["All"]})
    assert job.status is DeployStatus.SUCCEEDED
    group = find_row(org, "PermissionSetGroup", DeveloperName="All")
    user = integration_user(org)

    assignment = {"AssigneeId": user.user_id, "PermissionSetGroupId": group}
    (result,) = org.dml.insert(org.system_caller(), "PermissionSetAssignment", [assignment])

    assert result.errors == ()
    assert org.access.can(user, "Contract", "read")
    assert not org.access.can(user, "Contract", "create")
    assert _value(org, "PermissionSetGroup", str(group), "Status") == "Updated"


def test_a_custom_permission_can_be_granted(deploy: Any, org: Org) -> None:
    files, members = _set(
        "<customPermissions><enabled>true</enabled><name>Skip</name></customPermissions><label>Sync</label>"
    )
    files["customPermissions/Skip.customPermission"] = "<CustomPermission><label>Skip</label></CustomPermission>"
    deploy(files, {**members, "CustomPermission": ["Skip"]})
    user = integration_user(org)
    assignment = {"AssigneeId": user.user_id, "PermissionSetId": find_row(org, "PermissionSet", Name="Sync")}
    org.dml.insert(org.system_caller(), "PermissionSetAssignment", [assignment])

    assert org.access.has_permission(user, "Skip")


def test_a_profile_file_changes_only_what_it_names(deploy: Any, org: Org) -> None:
    profile = find_row(org, "Profile", Name="Standard User")
    parent = str(find_row(org, "PermissionSet", ProfileId=profile))
    before = _rows(org, "ObjectPermissions", parent, "SobjectType")
    read_only = _OBJECT.format(name="Contract", c="false")
    user = "<userPermissions><enabled>false</enabled><name>RunReports</name></userPermissions>"

    deploy({"profiles/Standard.profile": f"<Profile>{read_only}{user}</Profile>"}, {"Profile": ["Standard"]})

    assert _rows(org, "ObjectPermissions", parent, "SobjectType") == before
    assert ("Contract", False) in _rows(org, "ObjectPermissions", parent, "SobjectType", "PermissionsEdit")
    assert _value(org, "PermissionSet", parent, "PermissionsRunReports") is False
    assert _value(org, "PermissionSet", parent, "PermissionsApiEnabled") is True


def test_a_new_profile_has_its_own_permissions(deploy: Any, org: Org, service: MetadataService) -> None:
    user = "<userPermissions><enabled>true</enabled><name>ApiEnabled</name></userPermissions>"
    body = f"<Profile><custom>true</custom><userLicense>Salesforce Integration</userLicense>{user}</Profile>"
    deploy({"profiles/Robot.profile": body}, {"Profile": ["Robot"]})

    profile = find_row(org, "Profile", Name="Robot")
    parent = str(find_row(org, "PermissionSet", ProfileId=profile))
    assert _value(org, "PermissionSet", parent, "PermissionsApiEnabled") is True
    component = service.find("Profile", "Robot")
    assert component is not None
    assert (component.body.value("custom"), component.body.value("userLicense")) == ("true", "Salesforce Integration")


def test_a_deleted_set_takes_its_rows_along(deploy: Any, org: Org, permission_set: str) -> None:
    destructive = (
        "<Package><types><members>Sync</members><name>PermissionSet</name></types><version>66.0</version></Package>"
    )

    job = deploy({"destructiveChanges.xml": destructive}, {})

    assert job.status is DeployStatus.SUCCEEDED
    assert find_row(org, "PermissionSet", Name="Sync") is None
    assert find_rows(org, "FieldPermissions", ParentId=permission_set) == []


def test_a_set_in_a_group_is_not_deleted(deploy: Any, permission_set: str) -> None:
    group = "<PermissionSetGroup><label>All</label><permissionSets>Sync</permissionSets></PermissionSetGroup>"
    deploy({"permissionsetgroups/All.permissionsetgroup": group}, {"PermissionSetGroup": ["All"]})
    destructive = (
        "<Package><types><members>Sync</members><name>PermissionSet</name></types><version>66.0</version></Package>"
    )

    job = deploy({"destructiveChanges.xml": destructive}, {})

    expected = "This permission set is referenced elsewhere in salesforce.com. : Permission Set Group - All"
    assert [message.problem for message in job.outcome.failures] == [expected]
