"""Deploys over REST, and what the Tooling API tells of metadata."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from orgtwin.http.in_process import Answer, InProcess
from orgtwin.metadata.archive import write_archive
from orgtwin.metadata.service import MetadataService
from orgtwin.metadata.state import StateCell

_NAMESPACE = "http://soap.sforce.com/2006/04/metadata"
_ROOT = "/services/data/v66.0"
_FIELD = (
    "<fields><fullName>Key__c</fullName><externalId>true</externalId><label>Key</label><length>10</length>"
    "<type>Text</type></fields>"
)
_FLOW = (
    "<label>Remind</label><processType>AutoLaunchedFlow</processType><start><locationX>1</locationX><locationY>1</locationY></start>"
    "<status>Draft</status>"
)


def _xml(body: str) -> bytes:
    tag, rest = body[1:].split(">", 1)
    return f'<{tag} xmlns="{_NAMESPACE}">{rest}'.encode()


def _project(root: str = "") -> dict[str, bytes]:
    types = "".join(
        f"<types><members>{name}</members><name>{type_name}</name></types>"
        for type_name, name in (("CustomField", "Account.Key__c"), ("Flow", "Remind"))
    )
    files = {
        "package.xml": _xml(f"<Package>{types}<version>66.0</version></Package>"),
        "objects/Account.object": _xml(f"<CustomObject>{_FIELD}</CustomObject>"),
        "flows/Remind.flow": _xml(f"<Flow>{_FLOW}</Flow>"),
    }
    return {f"{root}{path}": content for path, content in files.items()}


def _post(client: InProcess, files: dict[str, bytes], options: dict[str, object], part: str = "json") -> Answer:
    boundary = "b0undary"
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="{part}"\r\nContent-Type: application/json\r\n\r\n'
    zip_head = (
        f'\r\n--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="m.zip"\r\n'
        "Content-Type: application/zip\r\n\r\n"
    )
    body = head.encode() + json.dumps({"deployOptions": options}).encode() + zip_head.encode() + write_archive(files)
    return client.request(
        "POST",
        f"{_ROOT}/metadata/deployRequest",
        body=body + f"\r\n--{boundary}--\r\n".encode(),
        headers={"content-type": f"multipart/form-data; boundary={boundary}"},
    )


def _query(client: InProcess, text: str) -> list[dict[str, Any]]:
    answer = client.get(f"{_ROOT}/tooling/query?q={quote(text)}")
    assert answer.status == 200, answer.text
    return [{key: value for key, value in row.items() if key != "attributes"} for row in answer.json()["records"]]


@pytest.fixture
def client(org_twin_client: InProcess) -> InProcess:
    """An org with one deployed field and one flow."""
    answer = _post(org_twin_client, _project(), {"singlePackage": True})
    assert answer.json()["deployResult"]["status"] == "Succeeded"
    return org_twin_client


@pytest.mark.parametrize("part", ["json", "entity_content"])
def test_a_rest_deploy_answers_201_and_can_be_asked_for(part: str, org_twin_client: InProcess) -> None:
    started = _post(
        org_twin_client, _project("metadata/"), {"singlePackage": False, "checkOnly": "false", "testLevel": None}, part
    )
    asked = org_twin_client.get(f"{_ROOT}/metadata/deployRequest/{started.json()['id']}?includeDetails=true")

    result = asked.json()["deployResult"]
    assert (started.status, asked.status) == (201, 200)
    assert (result["status"], result["done"], result["numberComponentsDeployed"]) == ("Succeeded", True, 2)
    assert [row["fullName"] for row in result["details"]["componentSuccesses"]] == [
        "package.xml",
        "Account.Key__c",
        "Remind",
    ]


def test_options_are_read_as_strings_too(org_twin_client: InProcess) -> None:
    _post(org_twin_client, _project(), {"singlePackage": "true", "checkOnly": "true"})

    assert len(org_twin_client.application.twin.part(MetadataService).components) == 0


def test_a_failed_rest_deploy_lists_its_failures(org_twin_client: InProcess) -> None:
    files = {
        **_project(),
        "objects/Account.object": _xml("<CustomObject><fields><fullName>Key__c</fullName></fields></CustomObject>"),
    }
    started = _post(org_twin_client, files, {"singlePackage": True})
    asked = org_twin_client.get(f"{_ROOT}/metadata/deployRequest/{started.json()['id']}?includeDetails=true")

    (failure,) = asked.json()["deployResult"]["details"]["componentFailures"]
    assert (failure["problem"], failure["problemType"], failure["fullName"]) == (
        "Required field is missing: type",
        "Error",
        "Account.Key__c",
    )


def test_an_unknown_deploy_is_not_found(org_twin_client: InProcess) -> None:
    answer = org_twin_client.get(f"{_ROOT}/metadata/deployRequest/0Af000000000000AAA")

    expected = {"errorCode": "INVALID_CROSS_REFERENCE_KEY", "message": "invalid cross reference id: 0Af000000000000AAA"}
    assert (answer.status, answer.json()) == (404, [expected])


def test_a_finished_rest_deploy_is_not_cancelled(client: InProcess) -> None:
    started = _post(client, _project(), {"singlePackage": True}).json()["id"]
    answer = client.patch(f"{_ROOT}/metadata/deployRequest/{started}", {"deployResult": {"status": "Canceling"}})

    assert answer.json() == [{"errorCode": "INVALID_ID_FIELD", "message": "Deployment already completed"}]


def test_source_members_count_every_change(client: InProcess) -> None:
    text = "SELECT MemberType, MemberName, RevisionCounter, IsNewMember, IsNameObsolete FROM SourceMember WHERE RevisionCounter > 0"
    first = _query(client, text)
    changed = {**_project(), "flows/Remind.flow": _xml(f"<Flow>{_FLOW.replace('Draft', 'Active')}</Flow>")}
    _post(client, changed, {"singlePackage": True})

    assert [(row["MemberType"], row["MemberName"], row["RevisionCounter"], row["IsNewMember"]) for row in first] == [
        ("CustomField", "Account.Key__c", 1, True),
        ("Flow", "Remind", 2, True),
    ]
    (later,) = _query(
        client, "SELECT MemberName, RevisionCounter, IsNewMember FROM SourceMember WHERE RevisionCounter > 2"
    )
    assert later == {"MemberName": "Remind", "RevisionCounter": 3, "IsNewMember": False}


def test_the_counter_of_a_source_member_can_be_set_back(client: InProcess) -> None:
    (row,) = _query(client, "SELECT Id FROM SourceMember WHERE MemberName = 'Remind'")
    answer = client.patch(f"{_ROOT}/tooling/sobjects/SourceMember/{row['Id']}", {"RevisionCounter": 0})

    assert answer.status == 204
    assert _query(client, "SELECT MemberName FROM SourceMember WHERE RevisionCounter = 0") == [{"MemberName": "Remind"}]


def test_entities_and_fields_can_be_queried(client: InProcess) -> None:
    entity = "SELECT QualifiedApiName, Label, KeyPrefix FROM EntityDefinition WHERE QualifiedApiName = 'Contract'"
    field = (
        "SELECT QualifiedApiName, DataType, EntityDefinition.QualifiedApiName FROM FieldDefinition "
        "WHERE EntityDefinition.QualifiedApiName = 'Account' AND QualifiedApiName = 'Key__c'"
    )

    assert _query(client, entity) == [{"QualifiedApiName": "Contract", "Label": "Contract", "KeyPrefix": "800"}]
    (found,) = _query(client, field)
    assert (found["QualifiedApiName"], found["DataType"]) == ("Key__c", "Text(10)")
    assert found["EntityDefinition"]["QualifiedApiName"] == "Account"


def test_custom_fields_and_packages_can_be_queried(client: InProcess) -> None:
    fields = "SELECT DeveloperName, TableEnumOrId FROM CustomField WHERE DeveloperName = 'Key'"
    packages = (
        "SELECT SubscriberPackage.Id, SubscriberPackage.NamespacePrefix, SubscriberPackageVersionId "
        "FROM InstalledSubscriberPackage"
    )

    assert _query(client, fields) == [{"DeveloperName": "Key", "TableEnumOrId": "Account"}]
    assert _query(client, packages) == []


def test_a_flow_is_activated_by_its_definition(client: InProcess) -> None:
    text = "SELECT Id, ActiveVersion.VersionNumber, LatestVersion.VersionNumber FROM FlowDefinition WHERE DeveloperName = 'Remind'"
    (before,) = _query(client, text)
    answer = client.patch(
        f"{_ROOT}/tooling/sobjects/FlowDefinition/{before['Id']}", {"Metadata": {"activeVersionNumber": 1}}
    )
    (after,) = _query(client, text)

    assert answer.status == 204
    assert (before["ActiveVersion"], before["LatestVersion"]["VersionNumber"]) == (None, 1)
    assert after["ActiveVersion"]["VersionNumber"] == 1


def test_a_flow_is_deactivated_before_its_version_is_deleted(client: InProcess) -> None:
    (flow,) = _query(client, "SELECT Id, DefinitionId FROM Flow")
    definition = f"{_ROOT}/tooling/sobjects/FlowDefinition/{flow['DefinitionId']}"
    version = f"{_ROOT}/tooling/sobjects/Flow/{flow['Id']}"
    client.patch(definition, {"Metadata": {"activeVersionNumber": 1}})
    refused = client.request("DELETE", version)
    assert (refused.status, refused.json()) == (
        400,
        [{"message": "insufficient access rights on cross-reference id", "errorCode": "DELETE_FAILED"}],
    )
    client.patch(definition, {"Metadata": {"activeVersionNumber": 0}})
    assert client.request("DELETE", version).status == 204
    assert _query(client, "SELECT Id FROM FlowDefinition WHERE DeveloperName = 'Remind'") == []
    assert client.request("DELETE", version).status == 404


def test_components_follow_the_org_to_a_savepoint_and_back(client: InProcess) -> None:
    twin = client.application.twin
    service = twin.part(MetadataService)
    savepoint = twin.org.savepoint()
    _post(
        client,
        {**_project(), "flows/Remind.flow": _xml(f"<Flow>{_FLOW.replace('Draft', 'Active')}</Flow>")},
        {"singlePackage": True},
    )
    twin.org.rollback(savepoint)

    flow = service.find("Flow", "Remind")
    assert flow is not None
    assert flow.body.value("status") == "Draft"


def test_the_state_reads_back_as_it_was_written(client: InProcess) -> None:
    org = client.application.twin.org
    written = client.application.twin.part(MetadataService)
    read = StateCell(org).load()

    assert {c.key: c for c in read.components} == {c.key: c for c in written.components}
    assert list(read.members.values()) == written.source_members()
