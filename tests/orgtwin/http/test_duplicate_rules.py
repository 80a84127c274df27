"""Duplicate rules stand between a row and its save, in every API."""

from __future__ import annotations

from typing import Any

import pytest
from tests.orgtwin.http.deploying import V, deploy_well, problems

from orgtwin.http.in_process import InProcess

ACCOUNTS = f"{V}/sobjects/Account"
ITEM = (
    "<matchingRuleItems><blankValueBehavior>{blank}</blankValueBehavior><fieldName>{field}</fieldName>"
    "<matchingMethod>{method}</matchingMethod></matchingRuleItems>"
)
ALERT = "<operationsOnInsert>Alert</operationsOnInsert><operationsOnUpdate>Alert</operationsOnUpdate>"
MEMBERS = {"MatchingRule": ["Account.Same"], "DuplicateRule": ["Account.Twice"]}


def item(field: str, blank: str = "NullNotAllowed", method: str = "Exact") -> str:
    return ITEM.format(field=field, blank=blank, method=method)


def rules(
    *items: str, action: str = "Block", operations: str = "", logic: str = "", filters: str = "", more: str = ""
) -> dict[str, str]:
    """An account is the same as another when the items say so; the duplicate rule does `action` about it."""
    status = "<ruleStatus>Active</ruleStatus>"
    matching = f"{logic}<fullName>Same</fullName><label>Same</label>{''.join(items)}{status}"
    rule = (
        f"<actionOnInsert>{action}</actionOnInsert><actionOnUpdate>{action}</actionOnUpdate>"
        "<alertText>Is it one of these?</alertText>"
        f"{filters}<duplicateRuleMatchRules><matchRuleSObjectType>Account</matchRuleSObjectType>"
        f"<matchingRule>Same</matchingRule></duplicateRuleMatchRules>"
        f"<isActive>true</isActive><masterLabel>Twice</masterLabel>{operations}"
        f"<securityOption>EnforceSharingRules</securityOption><sortOrder>1</sortOrder>{more}"
    )
    return {
        "matchingRules/Account.matchingRule": f"<MatchingRules><matchingRules>{matching}</matchingRules></MatchingRules>",
        "duplicateRules/Account.Twice.duplicateRule": f"<DuplicateRule>{rule}</DuplicateRule>",
    }


def create(client: InProcess, values: dict[str, Any], **headers: str) -> Any:
    return client.post(ACCOUNTS, values, **headers)


def test_a_blocking_rule_refuses_a_duplicate_and_tells_the_record_that_is_there(org_twin_client: InProcess) -> None:
    client = org_twin_client
    deploy_well(client, rules(item("Name")), MEMBERS)
    first = create(client, {"Name": "Acme"}).json()["id"]

    refused = create(client, {"Name": "ACME"}, sforce_duplicate_rule_header="allowSave=true")

    assert refused.status == 400
    assert refused.json() == [
        {
            "duplicateResut": {
                "allowSave": False,
                "duplicateRule": "Twice",
                "duplicateRuleEntityType": "Account",
                "errorMessage": "Is it one of these?",
                "matchResults": [
                    {
                        "entityType": "Account",
                        "errors": [],
                        "matchEngine": "ExactMatchEngine",
                        "matchRecords": [
                            {
                                "additionalInformation": [],
                                "fieldDiffs": [],
                                "matchConfidence": 100.0,
                                "record": {
                                    "attributes": {"type": "Account", "url": f"{ACCOUNTS}/{first}"},
                                    "Id": first,
                                },
                            }
                        ],
                        "rule": "Same",
                        "size": 1,
                        "success": True,
                    }
                ],
            },
            "errorCode": "DUPLICATES_DETECTED",
            "message": "Is it one of these?",
        }
    ]


@pytest.mark.parametrize(
    ("header", "version", "status"),
    [
        ("allowSave=true", "66.0", 201),
        ("allowSave=false", "66.0", 400),
        (None, "66.0", 400),
        ("allowSave=true", "51.0", 400),
    ],
)
def test_an_alert_is_overridden_by_the_header_from_version_52(
    org_twin_client: InProcess, header: str | None, version: str, status: int
) -> None:
    deploy_well(org_twin_client, rules(item("Name"), action="Allow", operations=ALERT), MEMBERS)
    create(org_twin_client, {"Name": "Acme"})
    headers = {} if header is None else {"sforce_duplicate_rule_header": header}

    again = org_twin_client.post(f"/services/data/v{version}/sobjects/Account", {"Name": "Acme"}, **headers)

    assert again.status == status
    if status == 400:
        assert again.json()[0]["duplicateResut"]["allowSave"] is True


def test_a_rule_that_only_allows_lets_duplicates_in(org_twin_client: InProcess) -> None:
    report = "<operationsOnInsert>Report</operationsOnInsert>"
    deploy_well(org_twin_client, rules(item("Name"), action="Allow", operations=report), MEMBERS)
    assert [create(org_twin_client, {"Name": "Acme"}).status for _ in range(2)] == [201, 201]


def test_the_header_asks_for_the_fields_of_the_records_that_are_there(org_twin_client: InProcess) -> None:
    deploy_well(org_twin_client, rules(item("Name")), MEMBERS)
    create(org_twin_client, {"Name": "Acme", "Site": "Bonn"})

    refused = create(org_twin_client, {"Name": "Acme"}, sforce_duplicate_rule_header="includeRecordDetails=true")

    record = refused.json()[0]["duplicateResut"]["matchResults"][0]["matchRecords"][0]["record"]
    assert (record["Name"], record["Site"]) == ("Acme", "Bonn")


LOGIC = "<booleanFilter>1 AND (2 OR 3)</booleanFilter>"


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"Name": "Acme", "Site": "Bonn", "Phone": "2"}, 400),
        ({"Name": "Acme", "Site": "Rome", "Phone": "1"}, 400),
        ({"Name": "Acme", "Site": "Rome", "Phone": "2"}, 201),
        ({"Name": "Other", "Site": "Bonn", "Phone": "1"}, 201),
    ],
)
def test_the_logic_of_a_matching_rule_joins_its_fields(
    org_twin_client: InProcess, values: dict[str, str], status: int
) -> None:
    deploy_well(org_twin_client, rules(item("Name"), item("Site"), item("Phone"), logic=LOGIC), MEMBERS)
    create(org_twin_client, {"Name": "Acme", "Site": "Bonn", "Phone": "1"})
    assert create(org_twin_client, values).status == status


@pytest.mark.parametrize(("blank", "status"), [("MatchBlanks", 400), ("NullNotAllowed", 201)])
def test_two_empty_fields_are_equal_only_where_the_rule_says_so(
    org_twin_client: InProcess, blank: str, status: int
) -> None:
    deploy_well(org_twin_client, rules(item("Name"), item("Site", blank)), MEMBERS)
    create(org_twin_client, {"Name": "Acme"})
    assert create(org_twin_client, {"Name": "Acme"}).status == status


def test_an_update_is_looked_at_only_when_it_changes_a_field_of_the_rule(org_twin_client: InProcess) -> None:
    client = org_twin_client
    create(client, {"Name": "Acme"})
    twin = create(client, {"Name": "Acme"}).json()["id"]
    deploy_well(client, rules(item("Name")), MEMBERS)

    assert client.patch(f"{ACCOUNTS}/{twin}", {"Site": "Bonn"}).status == 204
    assert client.patch(f"{ACCOUNTS}/{twin}", {"Name": "Other"}).status == 204
    assert client.patch(f"{ACCOUNTS}/{twin}", {"Name": "OTHER"}).status == 204  # it is no duplicate of itself
    assert client.patch(f"{ACCOUNTS}/{twin}", {"Name": "Acme"}).status == 400


def test_only_rows_that_meet_the_conditions_of_the_rule_are_looked_at(org_twin_client: InProcess) -> None:
    filters = (
        "<duplicateRuleFilter><booleanFilter>1</booleanFilter><duplicateRuleFilterItems><field>Site</field>"
        "<operation>notEqual</operation><value>Test</value><sortOrder>1</sortOrder><table>Account</table>"
        "</duplicateRuleFilterItems></duplicateRuleFilter>"
    )
    deploy_well(org_twin_client, rules(item("Name"), filters=filters), MEMBERS)
    create(org_twin_client, {"Name": "Acme"})
    assert create(org_twin_client, {"Name": "Acme", "Site": "Test"}).status == 201
    assert create(org_twin_client, {"Name": "Acme", "Site": "Bonn"}).status == 400


def test_rows_of_one_request_are_not_compared_with_each_other(org_twin_client: InProcess) -> None:
    """And a list of results tells code and message alone."""
    deploy_well(org_twin_client, rules(item("Name")), MEMBERS)
    rows = [{"attributes": {"type": "Account"}, "Name": name} for name in ("Acme", "Acme")]
    body = {"records": rows}
    first = org_twin_client.post(f"{V}/composite/sobjects", body).json()
    second = org_twin_client.post(f"{V}/composite/sobjects", body).json()

    error = {"statusCode": "DUPLICATES_DETECTED", "message": "Is it one of these?", "fields": []}
    assert [row["success"] for row in first] == [True, True]
    assert second == [{"success": False, "errors": [error]}] * 2


def test_a_rule_that_is_deleted_no_longer_counts(org_twin_client: InProcess) -> None:
    deploy_well(org_twin_client, rules(item("Name")), MEMBERS)
    create(org_twin_client, {"Name": "Acme"})
    gone = "<Package><types><members>Account.Twice</members><name>DuplicateRule</name></types></Package>"
    deploy_well(org_twin_client, {"destructiveChanges.xml": gone}, {})
    assert create(org_twin_client, {"Name": "Acme"}).status == 201


def test_what_the_twin_cannot_compare_is_refused_when_it_is_deployed(org_twin_client: InProcess) -> None:
    fuzzy = rules(item("Name", method="CompanyName"))
    wrong = rules(item("Name"), logic="<booleanFilter>1 AND 2</booleanFilter>")
    said = "Invalid filter logic: a condition from 1 to 1 is expected, not 2"
    assert problems(org_twin_client, fuzzy, MEMBERS) == [
        "orgtwin does not emulate the matching method CompanyName (ledger: records.fuzzy-matching)"
    ]
    assert said in problems(org_twin_client, wrong, MEMBERS)


def test_a_condition_on_the_user_is_refused_when_it_is_deployed(org_twin_client: InProcess) -> None:
    filters = (
        "<duplicateRuleFilter><duplicateRuleFilterItems><field>Username</field><operation>equals</operation>"
        "<value>x</value><sortOrder>1</sortOrder><table>User</table></duplicateRuleFilterItems></duplicateRuleFilter>"
    )
    assert problems(org_twin_client, rules(item("Name"), filters=filters), MEMBERS) == [
        "orgtwin does not emulate conditions of a duplicate rule on User (ledger: records.duplicate-rule-conditions)"
    ]
