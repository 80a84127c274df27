"""Who may give which record type to a record: what profiles and permission sets make visible."""

from __future__ import annotations

from typing import Any

import pytest
from tests.orgtwin.http.deploying import V, deploy_well

from orgtwin.http.in_process import InProcess

TYPES = "".join(
    f"<recordTypes><fullName>{name}</fullName><active>true</active><label>{name}</label></recordTypes>"
    for name in ("Nda", "Msa")
)
OBJECT = f"<CustomObject>{TYPES}</CustomObject>"


def seen(name: str, more: str = "") -> str:
    return f"<recordTypeVisibilities>{more}<recordType>Account.{name}</recordType><visible>true</visible></recordTypeVisibilities>"


@pytest.fixture
def client(org_twin_client: InProcess) -> InProcess:
    deploy_well(org_twin_client, {"objects/Account.object": OBJECT}, {"RecordType": ["Account.Nda", "Account.Msa"]})
    return org_twin_client


def permission_set(client: InProcess, name: str, body: str) -> None:
    """Deployed and given to the administrator."""
    source = f"<PermissionSet><label>{name}</label>{body}</PermissionSet>"
    deploy_well(client, {f"permissionsets/{name}.permissionset": source}, {"PermissionSet": [name]})
    values = {
        "PermissionSetId": one(client, f"SELECT Id FROM PermissionSet WHERE Name = '{name}'"),
        "AssigneeId": me(client),
    }
    client.post(f"{V}/sobjects/PermissionSetAssignment", values)


def me(client: InProcess) -> str:
    return str(client.get("/services/oauth2/userinfo").json()["user_id"])


def one(client: InProcess, query: str) -> str:
    return str(client.get(f"{V}/query?q={query}").json()["records"][0]["Id"])


def type_id(client: InProcess, name: str) -> str:
    return one(client, f"SELECT Id FROM RecordType WHERE DeveloperName = '{name}'")


def refusal(record_type_id: str) -> list[dict[str, Any]]:
    message = f"Record Type ID: this ID value isn't valid for the user: {record_type_id}"
    return [{"message": message, "errorCode": "INVALID_CROSS_REFERENCE_KEY", "fields": ["RecordTypeId"]}]


def infos(client: InProcess) -> dict[str, tuple[bool, bool]]:
    rows = client.get(f"{V}/sobjects/Account/describe").json()["recordTypeInfos"]
    return {row["developerName"]: (row["available"], row["defaultRecordTypeMapping"]) for row in rows}


def test_a_record_type_is_given_by_whom_it_was_assigned_to_and_not_by_the_administrator_as_such(
    client: InProcess,
) -> None:
    nda, msa = type_id(client, "Nda"), type_id(client, "Msa")
    refused = client.post(f"{V}/sobjects/Account", {"Name": "a", "RecordTypeId": nda})
    assert (refused.status, refused.json()) == (400, refusal(nda))
    assert infos(client) == {"Nda": (False, False), "Msa": (False, False), "Master": (True, True)}

    permission_set(client, "Nda", seen("Nda"))
    made = client.post(f"{V}/sobjects/Account", {"Name": "a", "RecordTypeId": nda})
    changed = client.patch(f"{V}/sobjects/Account/{made.json()['id']}", {"RecordTypeId": msa})
    assert (made.status, changed.status, changed.json()) == (201, 400, refusal(msa))
    assert infos(client) == {"Nda": (True, False), "Msa": (False, False), "Master": (True, True)}


def test_who_lost_a_record_type_still_edits_its_records(client: InProcess) -> None:
    permission_set(client, "Nda", seen("Nda"))
    made = client.post(f"{V}/sobjects/Account", {"Name": "a", "RecordTypeId": type_id(client, "Nda")}).json()["id"]
    permission_set(client, "Nda", "")
    assert client.patch(f"{V}/sobjects/Account/{made}", {"Name": "b"}).status == 204
    assert client.post(f"{V}/sobjects/Account", {"Name": "a", "RecordTypeId": type_id(client, "Nda")}).status == 400


def test_a_new_record_has_the_default_record_type_of_its_users_profile(client: InProcess) -> None:
    profile = f"<Profile>{seen('Msa', '<default>true</default>')}</Profile>"
    deploy_well(client, {"profiles/Admin.profile": profile}, {"Profile": ["Admin"]})
    made = client.post(f"{V}/sobjects/Account", {"Name": "a"}).json()["id"]
    answer = client.get(f"{V}/sobjects/Account/{made}?fields=RecordTypeId").json()
    assert answer["RecordTypeId"] == type_id(client, "Msa")
    assert infos(client) == {"Nda": (False, False), "Msa": (True, True), "Master": (True, False)}


def test_a_muting_set_takes_a_record_type_from_its_group(client: InProcess) -> None:
    files = {
        "permissionsets/Both.permissionset": f"<PermissionSet><label>Both</label>{seen('Msa')}{seen('Nda')}</PermissionSet>",
        "mutingpermissionsets/Less.mutingpermissionset": (
            f"<MutingPermissionSet><label>Less</label>{seen('Nda')}</MutingPermissionSet>"
        ),
        "permissionsetgroups/All.permissionsetgroup": (
            "<PermissionSetGroup><label>All</label><mutingPermissionSets>Less</mutingPermissionSets>"
            "<permissionSets>Both</permissionSets></PermissionSetGroup>"
        ),
    }
    deploy_well(
        client, files, {"PermissionSet": ["Both"], "MutingPermissionSet": ["Less"], "PermissionSetGroup": ["All"]}
    )
    group = one(client, "SELECT Id FROM PermissionSetGroup WHERE DeveloperName = 'All'")
    client.post(f"{V}/sobjects/PermissionSetAssignment", {"PermissionSetGroupId": group, "AssigneeId": me(client)})
    given = [
        client.post(f"{V}/sobjects/Account", {"Name": "a", "RecordTypeId": type_id(client, name)}).status
        for name in ("Msa", "Nda")
    ]
    assert given == [201, 400]
