"""Sharing as clients set it up and meet it: deployed rules, groups and models, share objects over REST, owners that change."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs
from tests.orgtwin.access.stage import Stage
from tests.orgtwin.metadata.conftest import package_of

from orgtwin.errors import SalesforceError
from orgtwin.metadata.archive import write_archive
from orgtwin.metadata.deploy_model import DeployJob, DeployOptions
from orgtwin.metadata.service import MetadataService
from orgtwin.records.model import AccessLevel, Caller

_OBJECT = (
    "<CustomObject><label>Deal</label><pluralLabel>Deals</pluralLabel><deploymentStatus>Deployed</deploymentStatus>"
    "<nameField><label>Name</label><type>Text</type></nameField><sharingModel>{model}</sharingModel>{more}</CustomObject>"
)
_REASON = "<sharingReasons><fullName>Team__c</fullName><label>Deal team</label></sharingReasons>"
_LINE = (
    "<CustomObject><label>Line</label><pluralLabel>Lines</pluralLabel><deploymentStatus>Deployed</deploymentStatus>"
    "<nameField><label>Name</label><type>Text</type></nameField><sharingModel>ControlledByParent</sharingModel><fields>"
    "<fullName>Deal__c</fullName><label>Deal</label><referenceTo>Deal__c</referenceTo><relationshipName>Lines</relationshipName>"
    "<relationshipOrder>0</relationshipOrder><type>MasterDetail</type></fields></CustomObject>"
)
_RULE = (
    "<{kind}><fullName>{name}</fullName><accessLevel>{level}</accessLevel><label>{name}</label><sharedTo>{to}</sharedTo>"
    "{more}</{kind}>"
)
_NO_ACCESS = ("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")


@pytest.fixture
def stage() -> Stage:
    return Stage()


def deploy(stage: Stage, files: dict[str, str], **members: list[str]) -> DeployJob:
    service = MetadataService(stage.org)
    options = DeployOptions(single_package=True, ignore_warnings=True)
    return service.deploy(stage.admin, write_archive(package_of(files, members)), options)


def deploy_object(stage: Stage, model: str, more: str = "", name: str = "Deal__c", body: str = _OBJECT) -> None:
    job = deploy(stage, {f"objects/{name}.object": body.format(model=model, more=more)}, CustomObject=[name])
    assert job.outcome is not None
    assert [message.problem for message in job.outcome.failures] == []


def open_object(stage: Stage, *names: str) -> None:
    """Everybody may create, read, edit and delete records of these objects."""
    (profile,) = stage.org.table("PermissionSet").find("ProfileId", stage.profile)
    rights = dict.fromkeys(("PermissionsCreate", "PermissionsRead", "PermissionsEdit", "PermissionsDelete"), True)
    for name in names:
        stage.make("ObjectPermissions", "", ParentId=profile[0], SobjectType=name, **rights)


def refusal_of(results: Any) -> tuple[str, str]:
    (result,) = results
    (error,) = result.errors
    return error.status_code, error.message


def reads(stage: Stage, person: str, sobject_type: str = "Account") -> int:
    return len(stage.query(person, f"SELECT Id FROM {sobject_type}"))


# ---- deployed


def test_a_deployed_rule_shares_from_a_role_to_a_group_until_it_is_deleted(stage: Stage) -> None:
    stage.set_defaults({"Account": "Private"})
    stage.make("Account", "acme", Name="Acme", OwnerId=stage.ids["owner"])
    levels = "".join(f"<{c}AccessLevel>None</{c}AccessLevel>" for c in ("case", "contact", "opportunity"))
    more = f"<accountSettings>{levels}</accountSettings><sharedFrom><role>Under</role></sharedFrom>"
    rule = _RULE.format(kind="sharingOwnerRules", name="Sales", level="Edit", to="<group>Readers</group>", more=more)
    files = {"sharingRules/Account.sharingRules": f"<SharingRules>{rule}</SharingRules>"}
    assert deploy(stage, files, SharingRules=["Account"]).outcome.status.value == "Succeeded"  # type: ignore[union-attr]
    assert (reads(stage, "member"), reads(stage, "stranger")) == (1, 0)
    assert stage.org.dml.update(stage.caller("member"), "Account", [{"Id": stage.ids["acme"]}])[0].success
    gone = "<Package><types><members>Account.Sales</members><name>SharingOwnerRule</name></types></Package>"
    deploy(stage, {"destructiveChanges.xml": gone})
    assert reads(stage, "member") == 0


def test_roles_groups_and_queues_are_deployed_in_any_order(stage: Stage) -> None:
    files = {
        "roles/Lawyer.role": "<Role><name>Lawyer</name><parentRole>Counsel</parentRole></Role>",
        "roles/Counsel.role": "<Role><caseAccessLevel>Read</caseAccessLevel><name>Counsel</name></Role>",
        "groups/Legal.group": "<Group><doesIncludeBosses>true</doesIncludeBosses><name>Legal</name></Group>",
        "queues/Intake.queue": "<Queue><name>Intake</name><queueMembers><roles><role>Lawyer</role></roles></queueMembers>"
        "<queueSobject><sobjectType>Case</sobjectType></queueSobject></Queue>",
    }
    job = deploy(stage, files, Role=["Lawyer", "Counsel"], Group=["Legal"], Queue=["Intake"])
    assert job.outcome is not None
    assert [message.problem for message in job.outcome.failures] == []
    found = stage.query(
        "owner", "SELECT DeveloperName, Type FROM Group WHERE DeveloperName IN ('Lawyer', 'Legal', 'Intake')"
    )
    assert sorted((row["DeveloperName"], row["Type"]) for row in found) == [
        ("Intake", "Queue"),
        ("Lawyer", "Role"),
        ("Lawyer", "RoleAndSubordinates"),
        ("Legal", "Regular"),
    ]
    (role,) = stage.query(
        "owner", "SELECT ParentRole.Name, CaseAccessForAccountOwner FROM UserRole WHERE Name = 'Lawyer'"
    )
    assert role["ParentRole"].values == {"Name": "Counsel"}  # type: ignore[attr-defined]
    stage.make("Group", "intake", DeveloperName="x", Name="x", Type="Regular")
    stage.make_user("lawyer", UserRoleId=stage.find("UserRole", DeveloperName="Lawyer"))
    queue = stage.find("Group", DeveloperName="Intake")
    stage.set_defaults({"Case": "Private"})
    stage.make("Case", "case", Subject="Question", OwnerId=queue)
    assert (reads(stage, "lawyer", "Case"), reads(stage, "stranger", "Case")) == (1, 0)


@pytest.mark.parametrize(
    ("to", "problem"),
    [
        ("<group>Nobody</group>", "In field: group - no Group named Nobody found"),
        ("<role>Nobody</role>", "In field: role - no Role named Nobody found"),
        ("<territory>North</territory>", "sharing rules to territory"),
    ],
)
def test_a_rule_to_nobody_is_refused(stage: Stage, to: str, problem: str) -> None:
    stage.set_defaults({"Lead": "Private"})
    item = "<criteriaItems><field>LastName</field><operation>equals</operation><value>A</value></criteriaItems>"
    rule = _RULE.format(kind="sharingCriteriaRules", name="All", level="Read", to=to, more=item)
    job = deploy(
        stage, {"sharingRules/Lead.sharingRules": f"<SharingRules>{rule}</SharingRules>"}, SharingRules=["Lead"]
    )
    assert job.outcome is not None
    (failure,) = job.outcome.failures
    assert problem in (failure.problem or "")


def test_a_custom_object_has_shares_while_its_model_leaves_anything_to_share(stage: Stage) -> None:
    deploy_object(stage, "Private", _REASON)
    share = stage.org.schema.find_type("Deal__Share")
    assert share is not None
    assert [f.api_name for f in share.fields if f.createable] == [
        "ParentId",
        "UserOrGroupId",
        "AccessLevel",
        "RowCause",
    ]
    cause = share.find_field("RowCause")
    assert cause is not None
    assert [value.value for value in cause.picklist if value.value.endswith("__c")] == ["Team__c"]
    deploy_object(stage, "ReadWrite")
    assert stage.org.schema.find_type("Deal__Share") is None


def test_an_object_that_becomes_a_detail_has_no_shares(stage: Stage) -> None:
    deploy_object(stage, "ReadWrite")
    line = _LINE.replace("<sharingModel>ControlledByParent</sharingModel>", "<sharingModel>Private</sharingModel>")
    plain = line[: line.index("<fields>")] + "</CustomObject>"
    deploy_object(stage, "", name="Line__c", body=plain)
    assert stage.org.schema.find_type("Line__Share") is not None
    deploy_object(stage, "", name="Line__c", body=_LINE)
    assert stage.org.schema.find_type("Line__Share") is None


def test_a_detail_is_created_by_who_may_change_its_master(stage: Stage) -> None:
    deploy_object(stage, "Read")
    deploy_object(stage, "", name="Line__c", body=_LINE)
    open_object(stage, "Deal__c", "Line__c")
    deal = stage.make("Deal__c", "deal", Name="D", OwnerId=stage.ids["owner"])
    assert refusal_of(stage.org.dml.insert(stage.caller("stranger"), "Line__c", [{"Deal__c": deal}])) == (
        "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
        f"insufficient access rights on cross-reference id: {deal[:15]}",
    )
    (made,) = stage.org.dml.insert(stage.caller("owner"), "Line__c", [{"Deal__c": deal}])
    assert made.success
    assert reads(stage, "stranger", "Line__c") == 1
    assert refusal_of(stage.org.dml.delete(stage.caller("stranger"), [str(made.record_id)])) == _NO_ACCESS
    assert stage.org.dml.delete(stage.caller("boss"), [str(made.record_id)])[0].success


# ---- share objects


@pytest.fixture
def acme(stage: Stage) -> str:
    stage.set_defaults({"Account": "Private", "Opportunity": "Private", "Case": "Private"})
    return stage.make("Account", "acme", Name="Acme", OwnerId=stage.ids["owner"])


def entry(stage: Stage, acme: str, **values: object) -> dict[str, object]:
    plain = {"AccountId": acme, "UserOrGroupId": stage.ids["stranger"], "AccountAccessLevel": "Read"}
    return {**plain, "OpportunityAccessLevel": "None", "CaseAccessLevel": "None", **values}


def test_only_who_has_full_access_shares_a_record(stage: Stage, acme: str) -> None:
    insert = stage.org.dml.insert
    assert insert(stage.caller("owner"), "AccountShare", [entry(stage, acme, AccountAccessLevel="Edit")])[0].success
    second = entry(stage, acme, UserOrGroupId=stage.ids["clerk"])
    assert refusal_of(insert(stage.caller("stranger"), "AccountShare", [second])) == _NO_ACCESS
    assert insert(stage.caller("boss"), "AccountShare", [second])[0].success


def test_an_entry_for_the_same_sharee_changes_the_one_that_is_there(stage: Stage, acme: str) -> None:
    insert = stage.org.dml.insert
    first = insert(stage.caller("owner"), "AccountShare", [entry(stage, acme)])[0].record_id
    second = insert(stage.caller("owner"), "AccountShare", [entry(stage, acme, AccountAccessLevel="Edit")])[0].record_id
    found = stage.query("owner", "SELECT Id, AccountAccessLevel FROM AccountShare WHERE RowCause = 'Manual'")
    assert (second, found) == (first, [{"Id": first, "AccountAccessLevel": "Edit"}])


def test_a_share_that_gives_nothing_is_refused(stage: Stage, acme: str) -> None:
    stage.set_defaults({"Account": "Read", "Opportunity": "Private", "Case": "Private"})
    assert refusal_of(stage.org.dml.insert(stage.caller("owner"), "AccountShare", [entry(stage, acme)])) == (
        "FIELD_INTEGRITY_EXCEPTION",
        "field integrity exception: AccountAccessLevel, OpportunityAccessLevel, or CaseAccessLevel (trivial share level Read, for "
        "organization with default level Read)",
    )
    wider = entry(stage, acme, OpportunityAccessLevel="Read")
    assert stage.org.dml.insert(stage.caller("owner"), "AccountShare", [wider])[0].success


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"AccountAccessLevel": "All"}, "AccountAccessLevel (All is not valid for create or update calls)"),
        ({"RowCause": "Rule"}, "RowCause (an entry is written by hand only with the cause Manual)"),
    ],
)
def test_what_nobody_may_write_into_a_share_is_refused(
    stage: Stage, acme: str, values: dict[str, object], message: str
) -> None:
    results = stage.org.dml.insert(stage.caller("owner"), "AccountShare", [entry(stage, acme, **values)])
    assert refusal_of(results) == ("FIELD_INTEGRITY_EXCEPTION", f"field integrity exception: {message}")


def test_entries_of_owners_and_rules_are_told_and_cannot_be_deleted(stage: Stage, acme: str) -> None:
    rule = {
        "name": "All",
        "level": "Read",
        "to": ["group", "Readers"],
        "from": ["role", "Under"],
        "criteria": [],
        "children": {},
    }
    stage.set_rules({"Account": [rule]})
    text = "SELECT Id, UserOrGroupId, RowCause, AccountAccessLevel FROM AccountShare"
    found = stage.query("owner", f"{text} WHERE AccountId = '{acme}'")
    assert [(row["UserOrGroupId"], row["RowCause"], row["AccountAccessLevel"]) for row in found] == [
        (stage.ids["owner"], "Owner", "All"),
        (stage.ids["Readers"], "Rule", "Read"),
    ]
    assert stage.query("owner", f"{text} WHERE UserOrGroupId = '{stage.ids['Readers']}'") == [found[1]]
    assert stage.query("owner", f"{text} WHERE Id = '{found[1]['Id']}'") == [found[1]]
    assert stage.query("stranger", text) == []
    assert not stage.org.dml.delete(stage.caller("owner"), [str(found[0]["Id"])])[0].success


def test_a_new_owner_ends_the_manual_shares_and_keeps_those_of_apex(stage: Stage) -> None:
    deploy_object(stage, "Private", _REASON)
    open_object(stage, "Deal__c")
    deal = stage.make("Deal__c", "deal", Name="D", OwnerId=stage.ids["owner"])
    by_hand = {"ParentId": deal, "UserOrGroupId": stage.ids["stranger"], "AccessLevel": "Read"}
    by_code = {"ParentId": deal, "UserOrGroupId": stage.ids["member"], "AccessLevel": "Edit", "RowCause": "Team__c"}
    assert stage.org.dml.insert(stage.caller("owner"), "Deal__Share", [by_hand])[0].success
    assert refusal_of(stage.org.dml.insert(stage.caller("owner"), "Deal__Share", [by_code])) == _NO_ACCESS
    in_code = Caller(stage.ids["owner"], AccessLevel.WITH_SHARING)
    assert stage.org.dml.insert(in_code, "Deal__Share", [by_code])[0].success
    assert stage.org.dml.update(stage.caller("owner"), "Deal__c", [{"Id": deal, "OwnerId": stage.ids["clerk"]}])[
        0
    ].success
    assert [reads(stage, person, "Deal__c") for person in ("stranger", "member", "owner", "clerk")] == [0, 1, 0, 1]


def test_shares_go_into_the_bin_and_come_back_with_their_record(stage: Stage, acme: str) -> None:
    stage.org.dml.insert(stage.caller("owner"), "AccountShare", [entry(stage, acme)])
    assert stage.org.dml.delete(stage.caller("owner"), [acme])[0].success
    assert refusal_of(stage.org.dml.undelete(stage.caller("stranger"), [acme])) == _NO_ACCESS
    assert stage.org.dml.undelete(stage.caller("owner"), [acme])[0].success
    assert reads(stage, "stranger") == 1


# ---- owners


def test_a_queue_owns_only_what_it_serves(stage: Stage) -> None:
    lead = {"LastName": "Doe", "Company": "Acme", "OwnerId": stage.ids["Desk"]}
    assert stage.org.dml.insert(stage.admin, "Lead", [lead])[0].success
    order = {"Subject": "Call", "OwnerId": stage.ids["Desk"]}
    assert refusal_of(stage.org.dml.insert(stage.admin, "Task", [order])) == (
        "INVALID_OPERATION",
        "Queue not associated with this SObject type",
    )


# ---- code that is bound by sharing


def test_a_caller_with_sharing_sees_its_rows_and_every_field(stage: Stage, acme: str) -> None:
    contract = stage.make("Contract", "contract", AccountId=acme)
    bound = Caller(stage.ids["stranger"], AccessLevel.WITH_SHARING)
    free = Caller(stage.ids["stranger"], AccessLevel.SYSTEM_MODE)
    grants = [stage.org.grant(caller, "Account") for caller in (bound, free)]
    row = stage.org.table("Account").get(acme)
    assert row is not None
    assert [grant.may_see is None or grant.may_see(row) for grant in grants] == [False, True]
    assert grants[0].readable == grants[1].readable
    assert refusal_of(stage.org.dml.update(bound, "Account", [{"Id": acme, "Name": "Mine"}])) == (
        "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
        "insufficient access rights on cross-reference id",
    )
    assert stage.org.dml.update(free, "Contract", [{"Id": contract}])[0].success


# ---- user record access


def test_user_record_access_takes_at_most_200_records(stage: Stage) -> None:
    ids = ", ".join(f"'{stage.org.ids.next_id('001')}'" for _ in range(201))
    where = f"UserId = '{stage.ids['owner']}' AND RecordId IN ({ids})"
    with pytest.raises(SalesforceError) as refused:
        stage.query("owner", f"SELECT RecordId FROM UserRecordAccess WHERE {where}")
    assert str(refused.value) == "MALFORMED_QUERY: Number of records exceeds limit:200"


def test_user_record_access_leaves_out_what_the_asking_user_cannot_read(stage: Stage, acme: str) -> None:
    text = f"SELECT MaxAccessLevel FROM UserRecordAccess WHERE UserId = '{stage.ids['owner']}' AND RecordId = '{acme}'"
    assert stage.query("boss", text) == [{"MaxAccessLevel": "All"}]
    assert stage.query("stranger", text) == []


def test_permissions_of_profiles_are_told_apart_by_their_parent(stage: Stage) -> None:
    text = (
        "SELECT COUNT(Id) n FROM FieldPermissions WHERE Parent.IsOwnedByProfile = {} AND Field = 'Contract.Description'"
    )
    (owned,), (others,) = (stage.query("modifier", text.format(flag)) for flag in ("true", "false"))
    assert (owned["n"], others["n"]) == (6, 0)


def test_the_history_of_a_field_that_the_caller_cannot_read_is_not_there(stage: Stage) -> None:
    contract = stage.org.schema.find_type("Contract")
    assert contract is not None
    tracked = tuple(structs.replace(f, track_history=f.api_name in ("Description", "Status")) for f in contract.fields)
    stage.org.replace_schema(stage.org.schema.with_types([replace(contract, fields=tracked)]))
    made = stage.make("Contract", "contract", AccountId=stage.make("Account", "acme", Name="Acme"), Description="a")
    change = {"Id": made, "Description": "b", "Status": "In Approval Process"}
    assert stage.org.dml.update(stage.admin, "Contract", [change])[0].success
    text = "SELECT Field FROM ContractHistory WHERE Field != 'created'"
    assert [row["Field"] for row in stage.query("owner", text)] == ["Status", "Description"]
    (own,) = stage.org.table("PermissionSet").find("ProfileId", stage.profile)
    granted = stage.org.table("FieldPermissions")
    name_of = granted.reader("Field")
    (row,) = [one for one in granted.find("ParentId", own[0]) if name_of(one) == "Contract.Description"]
    assert stage.org.dml.delete(stage.admin, [str(row[0])])[0].success
    assert [row["Field"] for row in stage.query("owner", text)] == ["Status"]
