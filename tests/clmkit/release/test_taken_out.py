"""Requests and renewal leave the mapping: what did their work leaves the org with that release, and comes back with a way back."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.clmkit.release.conftest import Org

from clmkit.codegen.xml import Body
from clmkit.release.components import Key
from clmkit.release.org_access import OrgClients

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("release")]

FLOW, NOTICE = "CLM_Contract_Renewal_Reminder", "CLM_Contract_Notice_Given"
CODE = ("CLM_ContractRequest", "CLM_ContractRequester", "CLM_NoticeDay", "CLM_NoticeTerms", "CLM_RenewalOpportunities")
GONE = {
    *(Key("ApexClass", f"{name}{end}") for name in CODE if name != "CLM_NoticeTerms" for end in ("", "Test")),
    Key("ApexClass", "CLM_NoticeTerms"),
    Key("ApexClass", "CLM_OpportunityRequestsTest"),
    Key("ApexClass", "CLM_OpportunityRules"),
    Key("ApexClass", "CLM_OpportunityRulesBase"),
    Key("ApexTrigger", "CLM_OpportunityTrigger"),
    Key("CustomMetadata", "CLM_Trigger_Action.Contract_NoticeDay"),
    Key("CustomMetadata", "CLM_Trigger_Action.Opportunity_ContractRequester"),
    Key("CustomObject", "CLM_Contract_Request__e"),
    Key("Flow", NOTICE),
    Key("Flow", FLOW),
    Key("PermissionSet", "CLM_Renewals"),
}
LABELS = {Key("CustomLabel", "CLM_Incomplete_Request"), Key("CustomLabel", "CLM_Not_Renewed")}
"""Labels say nothing of who made them: they go when `--against` names the mapping that did."""
LEFT = {Key("CustomField", "Contract.CLM_Notice_By__c"), Key("CustomField", "Opportunity.CLM_Renewal_Of__c")}


def drop_blocks(org: Org, *names: str) -> Path:
    """Take top-level blocks out of the mapping and generate; answer the mapping as it was."""
    spec, before = org.project / "mappings" / "contract.yml", org.project / "before.yml"
    text = spec.read_text(encoding="utf-8")
    before.write_text(text, encoding="utf-8")
    for name in names:
        text = re.sub(rf"(?ms)^{name}:.*?(?=^\w)", "", text)
    spec.write_text(text, encoding="utf-8")
    assert org.clmkit("generate")[0] == 0
    return before


def held(org: Org, keys: set[Key]) -> set[Key]:
    """Those of the components that the org lists."""

    async def ask(clients: OrgClients) -> set[Key]:
        rows = await clients.metadata.list_components(sorted({key.metadata_type for key in keys}))
        return keys & {Key(row.metadata_type, row.full_name) for row in rows}

    return org.ask(ask)


def test_what_the_mapping_no_longer_makes_leaves_the_org_with_the_release_and_comes_back_with_it(org: Org) -> None:
    before = drop_blocks(org, "requests", "renewal")
    against = ("--against", str(before))
    code, document = org.plan(*against)
    assert (code, document["orphans"]) == (
        1,
        [{"class": "CLM_OpportunityRules", "extends": "CLM_OpportunityRulesBase"}],
    )
    assert document["next"].startswith(
        "delete your classes whose base goes with this release, then plan again: CLM_Opp"
    )
    for path in (org.project / "force-app/extensions/classes").glob("CLM_OpportunityRules.*"):
        path.unlink()

    code, document = org.plan(*against)
    assert code == 1
    org.decide(*document["undecided"])
    code, document = org.plan(*against)
    assert (code, document["deploys"]) == (0, ["project", "flows"])
    assert document["withdrawn"][-1] == f"Flow {FLOW}"
    assert set(document["withdrawn"]) == set(map(str, GONE | LABELS))
    code, output = org.release("apply", document["hash"], *against)
    assert code == 0, output
    assert output.splitlines()[2:4] == [f"Flow {name}: deactivated and deleted, 1 version" for name in (NOTICE, FLOW)]
    assert output.splitlines()[-1] == "rollback: validated"
    assert output.splitlines()[-2].endswith(f" components retrieved as deployed, {len(GONE | LABELS)} gone")
    assert held(org, GONE | LABELS | LEFT) == LEFT
    assert org.plan(*against)[1]["deploys"] == []

    code, output = org.release("apply", document["hash"], "--rollback", *against)
    assert code == 0, output
    assert held(org, GONE | LABELS | LEFT) == GONE | LABELS | LEFT
    assert org.plan(*against)[1]["hash"] == document["hash"]


def test_a_release_says_what_it_needs_to_know_of_the_mapping_before_and_takes_no_plan_made_otherwise(org: Org) -> None:
    before = drop_blocks(org, "renewal")
    code, document = org.plan()
    org.decide(*document["undecided"])
    assert {f"REL352 Flow {FLOW}", f"REL352 Flow {NOTICE}"} <= set(document["undecided"])
    code, document = org.plan()
    assert code == 0
    assert not {str(label) for label in LABELS} & set(document["withdrawn"])
    code, output = org.release("apply", document["hash"], "--against", str(before))
    assert (code, output) == (
        1,
        "refused: the plan was made without --against, this run with --against (version 1.0.0); give the same options\n",
    )


def test_what_carries_no_words_of_its_own_goes_once_an_apply_has_told_the_org_what_was_made(org: Org) -> None:
    org.rewrite("type: {text: 80}", "type: {text: 120}")
    assert org.release("apply", org.plan()[1]["hash"])[0] == 0
    drop_blocks(org, "renewal")
    org.decide(*org.plan()[1]["undecided"])
    code, document = org.plan()
    assert (code, "CustomLabel CLM_Not_Renewed" in document["withdrawn"]) == (0, True)
    code, output = org.release("apply", document["hash"])
    assert code == 0, output
    label = {Key("CustomLabel", "CLM_Not_Renewed")}
    assert held(org, label) == set()
    assert org.release("apply", document["hash"], "--rollback")[0] == 0
    assert held(org, label) == label
    assert org.release("apply", document["hash"]) == (
        1,
        "refused: this release was taken back; make a new plan with `clmkit plan`\n",
    )
    again = org.plan()[1]
    assert again["hash"] == document["hash"]


def test_users_of_a_permission_set_that_goes_are_counted_and_have_it_again_after_a_rollback(org: Org) -> None:
    mark = "Generated by clmkit from the mapping spec contract; change the spec, not this."
    body: Body = {"label": "Old", "description": mark}
    org.deploy("PermissionSet", "CLM_Old", "permissionsets/CLM_Old.permissionset", body)
    user = assign(org, "CLM_Old")
    code, document = org.plan()
    (loss,) = [item for item in document["items"] if item["pair"] == "built | data"]
    assert (code, loss["records"], loss["note"]) == (1, 1, "CLM_Old is assigned to a user")
    assert document["undecided"] == ["REL408 PermissionSet CLM_Old"]
    org.decide("REL408 PermissionSet CLM_Old")
    plan_hash = org.plan()[1]["hash"]
    assert org.release("apply", plan_hash)[0] == 0
    assert assigned(org, "CLM_Old") == []
    code, output = org.release("apply", plan_hash, "--rollback")
    assert (code, output.splitlines()[-1]) == (0, "assigned again: 1 permission set"), output
    assert assigned(org, "CLM_Old") == [user]


def assign(org: Org, name: str) -> str:
    """Give a user the permission set; answer whom."""

    async def work(clients: OrgClients) -> str:
        (row,) = [one async for one in clients.records.query(f"SELECT Id FROM PermissionSet WHERE Name = '{name}'")]
        user = org.ready["integration_user_id"]
        body = {"AssigneeId": user, "PermissionSetId": row["Id"]}
        await clients.records.call("POST", "sobjects/PermissionSetAssignment", body)
        return user

    return org.ask(work)


def assigned(org: Org, name: str) -> list[str]:
    """The users who have the permission set."""

    async def work(clients: OrgClients) -> list[str]:
        soql = f"SELECT AssigneeId FROM PermissionSetAssignment WHERE PermissionSet.Name = '{name}'"
        return [str(row["AssigneeId"]) async for row in clients.records.query(soql)]

    return org.ask(work)
