"""The permission set of a profile is assigned to the users of the profile, and to nobody else."""

from __future__ import annotations

import pytest
from tests.orgtwin.access.stage import Stage

from orgtwin.soql import ResultRow

ASSIGNED = (
    "SELECT Id FROM PermissionSetAssignment WHERE PermissionSet.IsOwnedByProfile = true AND Assignee.Alias = '{}'"
)
GIVEN = "Can't assign a permission set that is owned by a profile. Change the user's profile instead."
TAKEN = "Can't remove the assignment of a permission set that is owned by a profile. Change the user's profile instead."


@pytest.fixture(scope="module")
def stage() -> Stage:
    return Stage()


def assigned(stage: Stage, alias: str) -> list[str]:
    """Ids of the assignments that a user has through the profile."""
    return [str(row["Id"]) for row in stage.query("boss", ASSIGNED.format(alias))]


def profile_set(stage: Stage, profile: str) -> str:
    return stage.find("PermissionSet", ProfileId=stage.find("Profile", Name=profile))


@pytest.mark.parametrize("alias", ["admin", "clmint", "boss"])
def test_every_user_is_assigned_the_permission_set_of_the_profile(stage: Stage, alias: str) -> None:
    (user,) = stage.query("boss", f"SELECT ProfileId FROM User WHERE Alias = '{alias}'")
    permission_set = stage.find("PermissionSet", ProfileId=str(user["ProfileId"]))
    rows = stage.query("boss", f"SELECT Id FROM PermissionSetAssignment WHERE PermissionSetId = '{permission_set}'")
    assert assigned(stage, alias)[0] in {str(row["Id"]) for row in rows}
    assert len(assigned(stage, alias)) == 1


def test_the_assignment_follows_the_profile_of_the_user(stage: Stage) -> None:
    change = {"Id": stage.ids["clerk"], "ProfileId": stage.find("Profile", Name="Read Only")}
    (result,) = stage.org.dml.update(stage.admin, "User", [change])
    assert result.success
    (row,) = stage.query(
        "boss", f"SELECT PermissionSetId FROM PermissionSetAssignment WHERE AssigneeId = '{stage.ids['clerk']}'"
    )
    assert row["PermissionSetId"] == profile_set(stage, "Read Only")


def test_nobody_gives_the_permission_set_of_a_profile(stage: Stage) -> None:
    values = {"PermissionSetId": profile_set(stage, "Read Only"), "AssigneeId": stage.ids["boss"]}
    (result,) = stage.org.dml.insert(stage.admin, "PermissionSetAssignment", [values])
    assert [(error.status_code, error.message) for error in result.errors] == [("FIELD_INTEGRITY_EXCEPTION", GIVEN)]


def test_nobody_takes_the_permission_set_of_a_profile(stage: Stage) -> None:
    (result,) = stage.org.dml.delete(stage.admin, assigned(stage, "boss"))
    assert [(error.status_code, error.message) for error in result.errors] == [("DELETE_FAILED", TAKEN)]


PROFILES = """
Chatter External User | Chatter External | CsnOnly | -
Chatter Free User | Chatter Free | CsnOnly | -
Chatter Moderator User | Chatter Free | CsnOnly | -
Contract Manager | Salesforce | Standard | Account Contract Opportunity
Guest License User | Guest User License | Guest | -
Marketing User | Salesforce | Standard | Account Contract Opportunity
Minimum Access - API Only Integrations | Salesforce Integration | Standard | -
Minimum Access - Salesforce | Salesforce | Standard | -
Read Only | Salesforce | Standard | Account Contract Opportunity
Solution Manager | Salesforce | Standard | Account Contract Opportunity
Standard Guest | Guest User License | Guest | -
Standard Platform User | Salesforce Platform | Standard | Account
Standard User | Salesforce | Standard | Account Contract Opportunity
System Administrator | Salesforce | Standard | Account Contract Opportunity
"""


def test_a_new_org_has_the_standard_profiles_with_their_licences_and_what_they_open(stage: Stage) -> None:
    opened = (
        "SELECT SobjectType FROM ObjectPermissions"
        " WHERE ParentId = '{}' AND SobjectType IN ('Account', 'Contract', 'Opportunity')"
    )
    lines = []
    for row in stage.query("boss", "SELECT Name, UserType, UserLicense.Name FROM Profile ORDER BY Name"):
        name, owner = str(row["Name"]), row["UserLicense"]
        grants = stage.query("modifier", opened.format(profile_set(stage, name)))
        objects = sorted(str(grant["SobjectType"]) for grant in grants) or ["-"]
        assert isinstance(owner, ResultRow)
        lines.append(f"{name} | {owner.values['Name']} | {row['UserType']} | {' '.join(objects)}")
    assert "\n".join(lines) == PROFILES.strip()
