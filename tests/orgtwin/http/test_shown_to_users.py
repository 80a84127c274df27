"""What clients with pages ask for: recently viewed records, tabs, compact layouts, definitions of objects, settings."""

from __future__ import annotations

from typing import Any

import pytest
from tests.orgtwin.http.deploying import V, deploy_well

from orgtwin.http.in_process import InProcess
from orgtwin.http.recent_items import MOST


def query(client: InProcess, text: str, door: str = "query") -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = client.get(f"{V}/{door}?q={text}").json()["records"]
    return [{name: value for name, value in row.items() if name != "attributes"} for row in rows]


def account(client: InProcess, name: str) -> str:
    return str(client.post(f"{V}/sobjects/Account", {"Name": name}).json()["id"])


def test_a_query_for_view_makes_its_records_the_latest(org_twin_client: InProcess) -> None:
    client = org_twin_client
    acme, borg = account(client, "Acme"), account(client, "Borg")
    for name in ("Acme", "Borg", "Acme"):
        query(client, f"SELECT Id FROM Account WHERE Name = '{name}' FOR VIEW")
    url = f"{V}/sobjects/Account"
    rows = [
        {"attributes": {"type": "Account", "url": f"{url}/{acme}"}, "Id": acme, "Name": "Acme"},
        {"attributes": {"type": "Account", "url": f"{url}/{borg}"}, "Id": borg, "Name": "Borg"},
    ]

    assert client.get(f"{V}/recent").json() == rows
    assert client.get(f"{V}/recent?limit=1").json() == rows[:1]
    assert client.get(url).json()["recentItems"] == rows
    assert query(client, "SELECT Id, Name, Type FROM RecentlyViewed") == [
        {"Id": acme, "Name": "Acme", "Type": "Account"},
        {"Id": borg, "Name": "Borg", "Type": "Account"},
    ]


def test_for_reference_is_no_view(org_twin_client: InProcess) -> None:
    account(org_twin_client, "Acme")
    query(org_twin_client, "SELECT Id FROM Account FOR REFERENCE")
    (row,) = query(org_twin_client, "SELECT LastViewedDate, LastReferencedDate FROM RecentlyViewed")
    assert row["LastViewedDate"] is None
    assert row["LastReferencedDate"] is not None


def test_a_deleted_record_is_no_longer_recent(org_twin_client: InProcess) -> None:
    gone = account(org_twin_client, "Acme")
    query(org_twin_client, "SELECT Id FROM Account FOR VIEW")
    org_twin_client.delete(f"{V}/sobjects/Account/{gone}")
    assert org_twin_client.get(f"{V}/recent").json() == []


def test_two_hundred_records_are_remembered(org_twin_client: InProcess) -> None:
    rows = [{"attributes": {"type": "Account"}, "Name": str(number)} for number in range(MOST + 10)]
    for start in (0, 200):
        org_twin_client.post(f"{V}/composite/sobjects", {"records": rows[start : start + 200]})
    query(org_twin_client, "SELECT Id FROM Account FOR VIEW")
    assert len(org_twin_client.get(f"{V}/recent").json()) == MOST


OBJECT = (
    "<CustomObject><deploymentStatus>Deployed</deploymentStatus><label>Deal</label><nameField><label>Name</label>"
    "<type>Text</type></nameField><pluralLabel>Deals</pluralLabel><sharingModel>ReadWrite</sharingModel></CustomObject>"
)
TABS = {
    "objects/Deal__c.object": OBJECT,
    "tabs/Deal__c.tab": "<CustomTab><customObject>true</customObject><motif>Custom77: Form</motif></CustomTab>",
    "tabs/Clm.tab": (
        "<CustomTab><frameHeight>600</frameHeight><hasSidebar>false</hasSidebar><label>Clm</label>"
        "<motif>Custom1: Heart</motif><url>https://clm.example.com</url><urlEncodingKey>UTF-8</urlEncodingKey></CustomTab>"
    ),
}
TAB_MEMBERS = {"CustomObject": ["Deal__c"], "CustomTab": ["Deal__c", "Clm"]}


def test_tabs_are_those_of_standard_objects_and_those_deployed(org_twin_client: InProcess) -> None:
    deploy_well(org_twin_client, TABS, TAB_MEMBERS)
    tabs = {tab["name"]: tab for tab in org_twin_client.get(f"{V}/tabs").json()}

    assert tabs["standard-Contract"]["label"] == "Contracts"
    assert tabs["standard-Contract"]["sobjectName"] == "Contract"
    assert tabs["standard-Contract"]["url"] == "https://localhost/800/o"
    assert tabs["Clm"]["url"] == "https://clm.example.com"
    assert set(tabs["standard-Account"]) == {
        *("colors", "custom", "iconUrl", "icons", "label"),
        *("miniIconUrl", "name", "sobjectName", "url"),
    }


def test_tab_definition_is_an_object_of_the_data_api(org_twin_client: InProcess) -> None:
    deploy_well(org_twin_client, TABS, TAB_MEMBERS)
    text = "SELECT Name, Label, SobjectName, IsCustom FROM TabDefinition WHERE Name IN ('standard-Account', 'Clm')"
    assert query(org_twin_client, text) == [
        {"Name": "standard-Account", "Label": "Accounts", "SobjectName": "Account", "IsCustom": False},
        {"Name": "Clm", "Label": "Clm", "SobjectName": None, "IsCustom": True},
    ]


@pytest.mark.parametrize("door", ["query", "tooling/query"])
def test_definitions_can_be_asked_through_both_doors(org_twin_client: InProcess, door: str) -> None:
    text = "SELECT QualifiedApiName FROM EntityDefinition WHERE QualifiedApiName = 'Contract'"
    assert query(org_twin_client, text, door) == [{"QualifiedApiName": "Contract"}]
    text = (
        "SELECT DataType FROM FieldDefinition WHERE EntityDefinitionId = 'Contract' AND DeveloperName = 'ContractTerm'"
    )
    assert len(query(org_twin_client, text, door)) == 1


FIELDS = "<fields>Name</fields><fields>Phone</fields>"
LAYOUT = f"<compactLayouts><fullName>Short</fullName>{FIELDS}<label>Short</label></compactLayouts>"
ASSIGNED = "<compactLayoutAssignment>Short</compactLayoutAssignment>"


def test_without_a_layout_the_system_default_is_primary(org_twin_client: InProcess) -> None:
    answer = org_twin_client.get(f"{V}/sobjects/Account/describe/compactLayouts").json()
    assert (answer["compactLayouts"], answer["defaultCompactLayoutId"]) == ([], None)
    assert answer["recordTypeCompactLayoutMappings"] == [
        {
            "available": True,
            "compactLayoutId": None,
            "compactLayoutName": "SYSTEM",
            "recordTypeId": "012000000000000AAA",
            "recordTypeName": "Master",
        }
    ]


def test_an_assigned_compact_layout_is_primary(org_twin_client: InProcess) -> None:
    body = f"<CustomObject>{ASSIGNED}{LAYOUT}</CustomObject>"
    members = {"CustomObject": ["Account"], "CompactLayout": ["Account.Short"]}
    deploy_well(org_twin_client, {"objects/Account.object": body}, members)

    of_account = org_twin_client.get(f"{V}/sobjects/Account/describe/compactLayouts").json()
    primaries = org_twin_client.get(f"{V}/compactLayouts?q=Account,Contact").json()

    (layout,) = of_account["compactLayouts"]
    assert of_account["defaultCompactLayoutId"] == layout["id"]
    assert primaries["Account"] == layout
    assert [item["layoutComponents"][0]["value"] for item in layout["fieldItems"]] == ["Name", "Phone"]
    assert primaries["Contact"]["name"] == "SYSTEM"


def test_settings_are_objects_of_the_tooling_api(org_twin_client: InProcess) -> None:
    text = "SELECT IsContractHistoryTrackingEnabled, IsAutoCalculateEndDate FROM ContractSettings"
    before = query(org_twin_client, text, "tooling/query")
    body = "<ContractSettings><enableContractHistoryTracking>true</enableContractHistoryTracking></ContractSettings>"
    deploy_well(org_twin_client, {"settings/Contract.settings": body}, {"Settings": ["Contract"]})

    (after,) = query(org_twin_client, text, "tooling/query")
    assert [row["IsContractHistoryTrackingEnabled"] for row in (*before, after)] == [False, True]
    refused = org_twin_client.get(f"{V}/tooling/query?q=SELECT IsNothing FROM ContractSettings")
    assert (refused.status, refused.json()[0]["errorCode"]) == (400, "INVALID_FIELD")


def test_the_resources_of_a_version_are_the_answered_and_the_refused_ones(org_twin_client: InProcess) -> None:
    """Those that are only the beginning of longer addresses answer nothing by themselves."""
    resources = org_twin_client.get(V).json()
    answers = {name: org_twin_client.get(path).status for name, path in resources.items() if name != "identity"}
    assert {name for name, status in answers.items() if status == 404} == {"event", "jobs", "metadata", "tooling"}
    assert {name for name, status in answers.items() if status == 501} >= {"analytics", "ui-api", "wave"}
    assert resources["identity"].startswith("https://localhost/id/00D")
