"""Who changed what of the setup, and when: the rows of SetupAuditTrail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import quote

import pytest
from tests.orgtwin.events.stage import Stage, V
from tests.orgtwin.metadata.conftest import package_of

from orgtwin.metadata.archive import write_archive

META = "<apiVersion>66.0</apiVersion><status>Active</status>"
DEAL = """<CustomObject><deploymentStatus>Deployed</deploymentStatus><label>Deal</label><pluralLabel>Deals</pluralLabel>
<nameField><label>Name</label><type>Text</type></nameField><sharingModel>ReadWrite</sharingModel>{more}</CustomObject>"""
COLOR = (
    "<fields><fullName>Color__c</fullName><label>Light Color</label><type>Text</type><length>{length}</length></fields>"
)
RULE = (
    "<validationRules><fullName>Bright</fullName><active>{active}</active>"
    "<errorConditionFormula>{formula}</errorConditionFormula><errorMessage>Too bright</errorMessage></validationRules>"
)
SEEN = """<PermissionSet><label>Deal Readers</label>{more}</PermissionSet>"""
READS = "<fieldPermissions><editable>{edit}</editable><field>Account.Fax</field><readable>true</readable></fieldPermissions>"
TRIGGER = "trigger Accounts on Account (before insert) { }"
CLASS = "public class Nightly { }"
EMPTY: Mapping[str, list[str]] = {}
Files = Mapping[str, str]
Members = Mapping[str, list[str]]
Told = list[tuple[str, str | None, str]]

OBJECT = ("objects/Deal__c.object", "CustomObject", "Deal__c")
STEPS: tuple[tuple[str, Files, Members, Members, Told], ...] = (
    (
        "an object with a field",
        {"objects/Deal__c.object": DEAL.format(more=COLOR.format(length=20))},
        {"CustomObject": ["Deal__c"], "CustomField": ["Deal__c.Color__c"]},
        EMPTY,
        [
            ("createdCustEnt", "Custom Objects", "Created custom object: Deal"),
            ("createdCFCustom", "Custom Objects", "Created custom field Light Color (Text) on Deal"),
        ],
    ),
    (
        "a longer field, and one of a standard object",
        {
            "objects/Deal__c.object": f"<CustomObject>{COLOR.format(length=40)}</CustomObject>",
            "objects/Account.object": f"<CustomObject>{COLOR.format(length=40)}</CustomObject>",
        },
        {"CustomField": ["Deal__c.Color__c", "Account.Color__c"]},
        EMPTY,
        [
            ("createdCF", "Customize Accounts", "Created custom field: Light Color (Text)"),
            (
                "changedCFLengthCustom",
                "Custom Objects",
                "Changed length of Light Color custom field on Deal from 20 to 40",
            ),
        ],
    ),
    (
        "a validation rule",
        {"objects/Deal__c.object": f"<CustomObject>{RULE.format(active='true', formula='FALSE')}</CustomObject>"},
        {"ValidationRule": ["Deal__c.Bright"]},
        EMPTY,
        [("newValidation", "Validation Rules", 'New Deal validation rule "Bright"')],
    ),
    (
        "another formula in it, and it is switched off",
        {"objects/Deal__c.object": f"<CustomObject>{RULE.format(active='false', formula='TRUE')}</CustomObject>"},
        {"ValidationRule": ["Deal__c.Bright"]},
        EMPTY,
        [
            (
                "changedValidationActive",
                "Validation Rules",
                'Changed active flag for Deal validation "Bright" from 1 to 0',
            ),
            (
                "changedValidationFormula",
                "Validation Rules",
                'Changed formula for Deal validation "Bright" from "FALSE" to "TRUE"',
            ),
        ],
    ),
    (
        "a permission set",
        {"permissionsets/Readers.permissionset": SEEN.format(more=READS.format(edit="false"))},
        {"PermissionSet": ["Readers"]},
        EMPTY,
        [
            ("PermSetCreateNoLicense", "Manage Users", "Created permission set Deal Readers: with no license"),
            (
                "PermSetFlsChanged",
                "Manage Users",
                "Changed permission set Deal Readers: field-level security for Account: Account Fax was changed"
                " from No Access to Read",
            ),
        ],
    ),
    (
        "more rights in it",
        {"permissionsets/Readers.permissionset": SEEN.format(more=READS.format(edit="true"))},
        {"PermissionSet": ["Readers"]},
        EMPTY,
        [
            (
                "PermSetFlsChanged",
                "Manage Users",
                "Changed permission set Deal Readers: field-level security for Account: Account Fax was changed"
                " from Read to Edit",
            )
        ],
    ),
    (
        "Apex",
        {
            "classes/Nightly.cls": CLASS,
            "classes/Nightly.cls-meta.xml": f"<ApexClass>{META}</ApexClass>",
            "triggers/Accounts.trigger": TRIGGER,
            "triggers/Accounts.trigger-meta.xml": f"<ApexTrigger>{META}</ApexTrigger>",
        },
        {"ApexClass": ["Nightly"], "ApexTrigger": ["Accounts"]},
        EMPTY,
        [
            ("createdApexClass", "Apex Class", "Created Nightly Apex Class code"),
            ("createdApexTrigger", "Apex Trigger", "Created Account Trigger code: Accounts"),
        ],
    ),
    (
        "what was deployed twice over is told once",
        {"classes/Nightly.cls": CLASS, "classes/Nightly.cls-meta.xml": f"<ApexClass>{META}</ApexClass>"},
        {"ApexClass": ["Nightly"]},
        EMPTY,
        [],
    ),
    (
        "the end of all of it",
        {},
        {},
        {
            "ApexClass": ["Nightly"],
            "CustomField": ["Account.Color__c"],
            "PermissionSet": ["Readers"],
            "ValidationRule": ["Deal__c.Bright"],
            "CustomObject": ["Deal__c"],
        },
        [
            ("deletedApexClass", "Apex Class", "Deleted Nightly Apex Class code"),
            ("deletedCF", "Customize Accounts", "Deleted custom field Light Color"),
            ("PermSetDelete", "Manage Users", "Deleted permission set Deal Readers"),
            ("removedValidation", "Validation Rules", 'Removed Deal validation "Bright"'),
            ("deletedCustEnt", "Custom Objects", "Deleted custom object: Deal"),
        ],
    ),
)


@pytest.fixture
def stage() -> Iterator[Stage]:
    made = Stage(deployed=False)
    yield made
    made.twin.house.close()


def rows(stage: Stage, soql: str) -> list[tuple[object, ...]]:
    answer = stage.client.get(f"{V}/query?q={quote(soql)}")
    assert answer.status == 200, answer.text
    return [tuple(v for name, v in row.items() if name != "attributes") for row in answer.json()["records"]]


def trail(stage: Stage) -> list[tuple[object, ...]]:
    return rows(stage, "SELECT Action, Section, Display FROM SetupAuditTrail ORDER BY Id")


def bring(stage: Stage, files: Files, members: Members, gone: Members) -> None:
    package = dict(package_of(files, members))
    if gone:
        package["destructiveChanges.xml"] = package_of({}, gone)["package.xml"]
    stage.deploy(write_archive(package))


def test_a_deploy_is_told_component_by_component_in_the_words_of_an_org(stage: Stage) -> None:
    for step, files, members, gone, expected in STEPS:
        known = len(trail(stage))
        bring(stage, files, members, gone)
        assert sorted(trail(stage)[known:]) == sorted(expected), step


def test_an_entry_has_its_author_and_its_time_and_nothing_else(stage: Stage) -> None:
    bring(stage, {"classes/Nightly.cls": CLASS, "classes/Nightly.cls-meta.xml": f"<ApexClass>{META}</ApexClass>"},
          {"ApexClass": ["Nightly"]}, EMPTY)  # fmt: skip
    fields = "CreatedBy.Name, CreatedDate, DelegateUser, ResponsibleNamespacePrefix, CreatedByContext, CreatedByIssuer"
    ((author, when, *rest),) = rows(stage, f"SELECT {fields} FROM SetupAuditTrail")
    who = rows(stage, f"SELECT Name FROM User WHERE Id = '{stage.admin_id}'")
    assert isinstance(author, dict)
    assert (author["Name"], when, rest) == (who[0][0], "2026-03-01T12:00:00.000+0000", [None] * 4)


@pytest.mark.parametrize("check_only", [True, False], ids=["validated", "refused"])
def test_a_deploy_that_does_not_stand_is_not_told(stage: Stage, check_only: bool) -> None:
    body = CLASS if check_only else "public class Nightly { int"
    files = {"classes/Nightly.cls": body, "classes/Nightly.cls-meta.xml": f"<ApexClass>{META}</ApexClass>"}
    stage.try_deploy(write_archive(package_of(files, {"ApexClass": ["Nightly"]})), check_only=check_only)
    assert trail(stage) == []


def test_users_and_what_they_are_given_are_told(stage: Stage) -> None:
    profiles: dict[object, object] = dict(rows(stage, "SELECT Name, Id FROM Profile"))  # type: ignore[arg-type]
    locale = {
        "TimeZoneSidKey": "GMT",
        "LocaleSidKey": "en_US",
        "EmailEncodingKey": "UTF-8",
        "LanguageLocaleKey": "en_US",
    }
    user = stage.create("User", Username="ani@example.com", FirstName="Anakin", LastName="Skywalker", Alias="ani",
                        Email="ani@example.com", ProfileId=profiles["Standard User"], **locale)  # fmt: skip
    granted = stage.create("PermissionSet", Name="Padawan", Label="Padawan")
    given = stage.create("PermissionSetAssignment", AssigneeId=user, PermissionSetId=granted)
    rights = stage.create("FieldPermissions", ParentId=granted, SobjectType="Account", Field="Account.Fax",
                          PermissionsRead=True, PermissionsEdit=True)  # fmt: skip
    assert stage.client.delete(f"{V}/sobjects/FieldPermissions/{rights}").status == 204
    assert stage.client.delete(f"{V}/sobjects/PermissionSetAssignment/{given}").status == 204
    stage.update("User", user, ProfileId=profiles["Minimum Access - Salesforce"], Email="vader@example.com")
    stage.update("User", user, IsActive=False)
    shown, fax = (
        f"user Anakin Skywalker (UserID: [{user[:15]}])",
        "field-level security for Account: Account Fax was changed",
    )
    assert trail(stage) == [
        ("createduser", "Manage Users", "Created new user Anakin Skywalker"),
        ("PermSetCreateNoLicense", "Manage Users", "Created permission set Padawan: with no license"),
        ("PermSetAssign", "Manage Users", f"Permission set Padawan: assigned to {shown}"),
        ("PermSetFlsChanged", "Manage Users", f"Changed permission set Padawan: {fax} from No Access to Edit"),
        ("PermSetFlsChanged", "Manage Users", f"Changed permission set Padawan: {fax} from Edit to No Access"),
        ("PermSetUnassign", "Manage Users", f"Permission set Padawan: unassigned from {shown}"),
        (
            "changedprofileforuser",
            "Manage Users",
            "Changed profile for user Anakin Skywalker from Standard User to Minimum Access - Salesforce",
        ),
        ("changedemail", "Manage Users", f"Changed email for {shown} from ani@example.com to vader@example.com"),
        ("deactivateduser", "Manage Users", f"Deactivated {shown}"),
    ]


def test_an_entry_is_found_by_what_may_be_filtered(stage: Stage) -> None:
    granted = stage.create("PermissionSet", Name="Padawan", Label="Padawan")
    assert stage.client.delete(f"{V}/sobjects/PermissionSet/{granted}").status == 204
    found = rows(stage, "SELECT Display FROM SetupAuditTrail WHERE Action LIKE 'PermSetD%' AND CreatedDate = TODAY")
    assert found == [("Deleted permission set Padawan",)]
    refused = stage.client.get(f"{V}/query?q={quote(chr(32).join(BY_SECTION))}").json()
    assert [row["errorCode"] for row in refused] == ["INVALID_FIELD"]
    assert "field 'Section' can not be filtered in a query call" in refused[0]["message"]


BY_SECTION = ("SELECT Id FROM SetupAuditTrail", "WHERE Section = 'Manage Users'")


def test_the_trail_is_written_by_the_org_alone(stage: Stage) -> None:
    described = stage.client.get(f"{V}/sobjects/SetupAuditTrail/describe").json()
    assert (described["createable"], described["deletable"], described["queryable"]) == (False, False, True)
    assert stage.client.post(f"{V}/sobjects/SetupAuditTrail", {"Action": "x"}).status == 400
