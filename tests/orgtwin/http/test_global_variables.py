"""What is deployed or set up for formulas to read takes effect in validation rules and formula fields."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from tests.orgtwin.http.deploying import V, deploy_well

from orgtwin.http.in_process import InProcess

CHECKBOX = "<fields><fullName>Off__c</fullName><defaultValue>false</defaultValue><label>Off</label><type>Checkbox</type></fields>"
NUMBER = (
    "<fields><fullName>Most__c</fullName><label>Most</label><precision>18</precision><scale>0</scale>"
    "<type>Number</type></fields>"
)
SETTING = (
    f"<CustomObject>{CHECKBOX}<customSettingsType>Hierarchy</customSettingsType><label>Switches</label></CustomObject>"
)
TYPE = f"<CustomObject>{NUMBER}<label>Limit</label><pluralLabel>Limits</pluralLabel></CustomObject>"
RECORD = (
    "<CustomMetadata><label>Deals</label><protected>false</protected><values>"
    '<field>Most__c</field><value xsi:type="xsd:double">{most}</value></values></CustomMetadata>'
)
LABELS = (
    "<CustomLabels><labels><fullName>Site</fullName><language>en_US</language><protected>false</protected>"
    "<shortDescription>Site</shortDescription><value>{text}</value></labels></CustomLabels>"
)
NDA_READERS = """<PermissionSet><label>Nda</label>
    <recordTypeVisibilities><recordType>Account.Nda</recordType><visible>true</visible></recordTypeVisibilities>
</PermissionSet>"""
RECORD_TYPE = "<recordTypes><fullName>Nda</fullName><active>true</active><label>Nda</label></recordTypes>"


def rule(formula: str, more: str = "") -> str:
    text = formula.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    body = f"<active>true</active><errorConditionFormula>{text}</errorConditionFormula><errorMessage>No.</errorMessage>"
    return f"<CustomObject>{more}<validationRules><fullName>Rule</fullName>{body}</validationRules></CustomObject>"


RULE = {"ValidationRule": ["Account.Rule"]}


def create(client: InProcess, **values: object) -> int:
    return client.post(f"{V}/sobjects/Account", {"Name": "a", **values}).status


def test_a_rule_reads_a_custom_label_as_it_stands_now(org_twin_client: InProcess) -> None:
    deploy_well(
        org_twin_client, {"labels/CustomLabels.labels": LABELS.format(text="Bonn")}, {"CustomLabels": ["CustomLabels"]}
    )
    deploy_well(org_twin_client, {"objects/Account.object": rule("Site = $Label.Site")}, RULE)
    assert (create(org_twin_client, Site="Bonn"), create(org_twin_client, Site="Rome")) == (400, 201)

    deploy_well(
        org_twin_client, {"labels/CustomLabels.labels": LABELS.format(text="Rome")}, {"CustomLabels": ["CustomLabels"]}
    )
    assert (create(org_twin_client, Site="Bonn"), create(org_twin_client, Site="Rome")) == (201, 400)


def test_apex_reads_a_custom_label_as_it_stands_now(org_twin_client: InProcess) -> None:
    """Not only in the tests of the deploy that brings it."""
    for text in ("Bonn", "Rome"):
        labels = {"labels/CustomLabels.labels": LABELS.format(text=text)}
        deploy_well(org_twin_client, labels, {"CustomLabels": ["CustomLabels"]})
        source = f"Assert.areEqual('{text}', System.Label.Site);"
        answer = org_twin_client.get(f"{V}/tooling/executeAnonymous?anonymousBody={quote(source, safe='')}")
        outcome = answer.json()
        assert (outcome["success"], outcome["exceptionMessage"]) == (True, None)


def test_a_rule_reads_a_custom_metadata_record(org_twin_client: InProcess) -> None:
    name = "customMetadata/Limit.Deals.md"
    files = {"objects/Limit__mdt.object": TYPE, name: RECORD.format(most=5)}
    deploy_well(org_twin_client, files, {"CustomObject": ["Limit__mdt"], "CustomMetadata": ["Limit.Deals"]})
    formula = "NumberOfEmployees > $CustomMetadata.Limit__mdt.Deals.Most__c"
    deploy_well(org_twin_client, {"objects/Account.object": rule(formula)}, RULE)
    assert (create(org_twin_client, NumberOfEmployees=6), create(org_twin_client, NumberOfEmployees=5)) == (400, 201)

    deploy_well(org_twin_client, {name: RECORD.format(most=9)}, {"CustomMetadata": ["Limit.Deals"]})
    assert create(org_twin_client, NumberOfEmployees=6) == 201


@pytest.mark.parametrize("level", ["organization", "profile", "user"])
def test_a_rule_reads_the_nearest_row_of_a_custom_setting(org_twin_client: InProcess, level: str) -> None:
    client = org_twin_client
    deploy_well(client, {"objects/Switches__c.object": SETTING}, {"CustomObject": ["Switches__c"]})
    deploy_well(client, {"objects/Account.object": rule("NOT($Setup.Switches__c.Off__c)")}, RULE)
    refused = create(client)
    who = client.get("/services/oauth2/userinfo").json()
    profile = client.get(f"{V}/query?q=SELECT ProfileId FROM User WHERE Id = '{who['user_id']}'").json()["records"][0]
    owners: dict[str, Any] = {
        "organization": who["organization_id"],
        "profile": profile["ProfileId"],
        "user": who["user_id"],
    }
    grant(client, "Switches__c.Off__c")
    made = client.post(f"{V}/sobjects/Switches__c", {"SetupOwnerId": owners[level], "Off__c": True})
    assert (refused, made.status, create(client)) == (400, 201, 201)


def grant(client: InProcess, field: str) -> None:
    """A deployed field is nobody's until it is granted."""
    created = client.post(f"{V}/sobjects/PermissionSet", {"Name": "Fields", "Label": "Fields"}).json()["id"]
    values = {"ParentId": created, "SobjectType": field.partition(".")[0], "Field": field}
    client.post(f"{V}/sobjects/FieldPermissions", {**values, "PermissionsRead": True, "PermissionsEdit": True})
    assign(client, created)


def assign(client: InProcess, permission_set: str) -> None:
    who = client.get("/services/oauth2/userinfo").json()["user_id"]
    client.post(f"{V}/sobjects/PermissionSetAssignment", {"PermissionSetId": permission_set, "AssigneeId": who})


def test_a_rule_reads_the_record_type_of_the_record(org_twin_client: InProcess) -> None:
    client = org_twin_client
    formula = "AND($RecordType.DeveloperName = 'Nda', ISBLANK(Site))"
    members = {**RULE, "RecordType": ["Account.Nda"], "PermissionSet": ["Nda"]}
    files = {"objects/Account.object": rule(formula, RECORD_TYPE), "permissionsets/Nda.permissionset": NDA_READERS}
    deploy_well(client, files, members)
    nda = client.get(f"{V}/query?q=SELECT Id FROM RecordType WHERE DeveloperName = 'Nda'").json()["records"][0]["Id"]
    found = client.get(f"{V}/query?q=SELECT Id FROM PermissionSet WHERE Name = 'Nda'").json()["records"][0]["Id"]
    assign(client, found)
    assert create(client) == 201
    assert create(client, RecordTypeId=nda, Site="Bonn") == 201
    assert create(client, RecordTypeId=nda) == 400


def test_a_variable_that_the_twin_does_not_have_is_refused_by_name(org_twin_client: InProcess) -> None:
    deploy_well(org_twin_client, {"objects/Account.object": rule("ISBLANK($Api.Session_ID)")}, RULE)
    refused = org_twin_client.post(f"{V}/sobjects/Account", {"Name": "a"})
    message = (
        "orgtwin does not emulate the global variable $Api.Session_ID in formulas (ledger: formula.global-variables)"
    )
    assert (refused.status, refused.json()) == (501, [{"message": message, "errorCode": "TWIN_UNSUPPORTED"}])


def test_the_address_of_a_soap_api_is_that_of_its_version(org_twin_client: InProcess) -> None:
    formula = "AND(Site != $Api.Partner_Server_URL_260, Site != $Api.Enterprise_Server_URL_670)"
    deploy_well(org_twin_client, {"objects/Account.object": rule(formula)}, RULE)
    org = org_twin_client.get("/services/oauth2/userinfo").json()["organization_id"][:15]
    paths = (f"u/26.0/{org}", f"c/67.0/{org}", f"u/67.0/{org}")
    answers = [
        create(org_twin_client, Site=f"https://orgtwin.my.salesforce.com/services/Soap/{path}") for path in paths
    ]
    assert answers == [201, 201, 400]
