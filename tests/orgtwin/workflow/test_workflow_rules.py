"""Workflow rules in the saves of an org.

Source: "Triggers and Order of Execution" (Apex Developer Guide), "Workflow" (Metadata API Developer Guide), "Considerations for
Field Update Actions", "Field Updates That Reevaluate Workflow Rules", "Cross-Object Field Updates" (Salesforce Help).
"""

from __future__ import annotations

import pytest
from tests.orgtwin.apex.live_org import messages
from tests.orgtwin.workflow.conftest import NewOrg, RuledOrg, field_update, item, rule

SHOW = """trigger Show on Account (before insert, before update, after insert, after update) {
    for (Account a : Trigger.new) {
        Account old = Trigger.isUpdate ? Trigger.oldMap.get(a.Id) : null;
        System.debug(Trigger.operationType + ' ' + old?.NumberOfEmployees + ' ' + a.NumberOfEmployees);
    }
}"""
ELEVEN = field_update("Eleven", "NumberOfEmployees", "<formula>NumberOfEmployees + 1</formula>")
TEN = item("Account.NumberOfEmployees", "equals", "10")
VALUES = {
    "Formula": ("Description", ("<formula>Name &amp; &quot;!&quot;</formula>",), "Acme!"),
    "Literal": ("Rating", ("<literalValue>Cold</literalValue>",), "Cold"),
    "Null": ("Site", (), None),
    "NextValue": ("Rating", (), "Cold"),
    "PreviousValue": ("Rating", (), "Hot"),
}


def update(org: RuledOrg, record_id: str | None, **values: object) -> list[str]:
    return messages(org.org.dml.update(org.caller, "Account", [{"Id": record_id, **values}]))


def test_update_triggers_run_once_more_after_a_field_update_and_see_the_original_as_old(new_org: NewOrg) -> None:
    org = new_org(Show=SHOW)
    made = org.insert("Account", {"Name": "Acme", "NumberOfEmployees": 1})[0].record_id
    org.rules("Account", ELEVEN, rule("R", TEN, "FieldUpdate:Eleven"))
    org.debug_log()
    assert update(org, made, NumberOfEmployees=10) == [""]
    assert org.debug_log() == ["BEFORE_UPDATE 1 10", "AFTER_UPDATE 1 10", "BEFORE_UPDATE 1 11", "AFTER_UPDATE 1 11"]


def test_a_field_update_of_a_new_record_runs_the_update_triggers(new_org: NewOrg) -> None:
    org = new_org(Show=SHOW)
    org.rules("Account", ELEVEN, rule("R", TEN, "FieldUpdate:Eleven"))
    org.insert("Account", {"Name": "Acme", "NumberOfEmployees": 10})
    assert org.debug_log() == [
        "BEFORE_INSERT null 10",
        "AFTER_INSERT null 10",
        "BEFORE_UPDATE 10 11",
        "AFTER_UPDATE 10 11",
    ]


@pytest.mark.parametrize("operation", VALUES)
def test_each_operation_sets_its_value(new_org: NewOrg, operation: str) -> None:
    field, parts, expected = VALUES[operation]
    org = new_org()
    org.rules(
        "Account",
        field_update("U", field, *parts, operation=operation),
        rule("R", "<formula>ISNEW()</formula>", "FieldUpdate:U"),
    )
    assert messages(org.insert("Account", {"Name": "Acme", "Rating": "Warm", "Site": "here"})) == [""]
    assert org.values("Account", field) == [expected]


def test_a_lookup_value_names_a_user(new_org: NewOrg) -> None:
    org = new_org()
    user = org.row("User", org.caller.user_id)
    name = str(org.org.table("User").reader("Username")(user))
    lookup = f"<lookupValue>{name}</lookupValue>", "<lookupValueType>User</lookupValueType>"
    org.rules(
        "Account",
        field_update("U", "OwnerId", *lookup, operation="LookupValue"),
        rule("R", item("Account.Name", "equals", "Acme"), "FieldUpdate:U"),
    )
    caller = org.org.automated_user_id
    org.insert("Account", {"Name": "Acme", "OwnerId": caller})
    assert org.values("Account", "OwnerId") == [org.caller.user_id]


@pytest.mark.parametrize(
    ("trigger", "fired"),
    [("onCreateOnly", "1"), ("onCreateOrTriggeringUpdate", "1 3"), ("onAllChanges", "1 3 4")],
)
def test_the_evaluation_criteria_say_which_saves_a_rule_hears(new_org: NewOrg, trigger: str, fired: str) -> None:
    """The record is made meeting the criteria, leaves them, meets them anew, and is edited while it does."""
    org = new_org()
    count = field_update("Count", "Site", "<formula>Site &amp; Fax</formula>")
    org.rules(
        "Account", count, rule("R", item("Account.Rating", "equals", "Hot"), "FieldUpdate:Count", trigger=trigger)
    )
    made = org.insert("Account", {"Name": "Acme", "Rating": "Hot", "Fax": "1 "})[0].record_id
    for fax, rating in (("2 ", "Cold"), ("3 ", "Hot"), ("4 ", "Hot")):
        update(org, made, Fax=fax, Rating=rating)
    assert org.values("Account", "Site") == [f"{fired}".replace(" ", "")]


def test_criteria_are_joined_by_filter_logic_and_may_ask_a_parent_and_the_user(new_org: NewOrg) -> None:
    org = new_org()
    criteria = "".join(
        (
            "<booleanFilter>(1 OR 2) AND 3</booleanFilter>",
            item("Account.Rating", "equals", "Hot"),
            item("Contact.LastName", "startsWith", "Z"),
            item("User.IsActive", "equals", "True"),
        )
    )
    org.rules(
        "Contact",
        field_update("U", "Department", "<literalValue>met</literalValue>", operation="Literal"),
        rule("R", criteria, "FieldUpdate:U"),
    )
    hot = org.insert("Account", {"Name": "Acme", "Rating": "Hot"})[0].record_id
    org.insert("Contact", {"LastName": "Ada", "AccountId": hot}, {"LastName": "Zoe"}, {"LastName": "Bob"})
    assert org.values("Contact", "Department") == ["met", "met", None]


def test_validation_rules_are_not_asked_again_and_what_triggers_refuse_then_refuses_the_row(new_org: NewOrg) -> None:
    trigger = """trigger T on Account (after update) {
        for (Account a : Trigger.new) { if (a.Site == 'set by rule' && a.Name == 'bad') { a.addError('not so'); } }
    }"""
    org = new_org(T=trigger)
    org.deploy(
        {
            "objects/Account.object": (
                "<CustomObject><validationRules><fullName>NoSite</fullName>"
                "<active>true</active><errorConditionFormula>NOT(ISBLANK(Site))</errorConditionFormula>"
                "<errorMessage>no site</errorMessage></validationRules></CustomObject>"
            )
        }
    )
    org.rules(
        "Account",
        field_update("U", "Site", "<literalValue>set by rule</literalValue>", operation="Literal"),
        rule("R", "<formula>true</formula>", "FieldUpdate:U", trigger="onCreateOnly"),
    )
    made = org.insert("Account", {"Name": "good"}, {"Name": "bad"}, {"Name": "own", "Site": "mine"})
    assert messages(made) == ["", "not so", "no site"]
    assert org.values("Account", "Site") == ["set by rule"]


def test_rules_are_evaluated_again_where_a_field_update_asks_for_it(new_org: NewOrg) -> None:
    """A's update meets B, whose update meets C; B is asked because A's update says so, C is not since B's does not."""
    org = new_org(Show=SHOW)
    org.rules(
        "Account",
        field_update(
            "A", "Rating", "<literalValue>Hot</literalValue>", "<reevaluateOnChange>true</reevaluateOnChange>",
            operation="Literal",
        ),
        field_update("B", "Site", "<literalValue>B</literalValue>", operation="Literal"),
        field_update("C", "Fax", "<literalValue>C</literalValue>", operation="Literal"),
        rule("RA", item("Account.Name", "equals", "Acme"), "FieldUpdate:A"),
        rule("RB", item("Account.Rating", "equals", "Hot"), "FieldUpdate:B"),
        rule("RC", item("Account.Site", "equals", "B"), "FieldUpdate:C"),
    )  # fmt: skip
    org.insert("Account", {"Name": "Acme", "NumberOfEmployees": 1})
    assert [org.values("Account", field) for field in ("Rating", "Site", "Fax")] == [["Hot"], ["B"], [None]]
    assert len(org.debug_log()) == 4  # triggers run "one more time (and only one more time)"


def test_a_save_inside_a_save_of_the_record_skips_the_rules(new_org: NewOrg) -> None:
    org = new_org(
        T="""trigger T on Account (after insert) {
            update new Account(Id = Trigger.new[0].Id, Rating = 'Hot');
        }"""
    )
    count = field_update("Count", "Site", "<formula>Site &amp; TEXT(Rating)</formula>")
    org.rules("Account", count, rule("R", "<formula>true</formula>", "FieldUpdate:Count"))
    org.insert("Account", {"Name": "Acme"})
    assert org.values("Account", "Site") == ["Hot"]


def test_tasks_are_made_and_alerts_go_out_after_the_commit(new_org: NewOrg) -> None:
    org = new_org()
    org.rules(
        "Account",
        "<alerts><fullName>Tell</fullName><ccEmails>cc@example.com</ccEmails><description>Tell</description>"
        "<protected>false</protected><recipients><type>owner</type></recipients><senderType>CurrentUser</senderType>"
        "<template>unfiled$public/Hello</template></alerts>",
        rule("R", item("Account.Rating", "equals", "Hot"), "Alert:Tell", "Task:Call"),
        "<tasks><fullName>Call</fullName><assignedToType>owner</assignedToType><dueDateOffset>2</dueDateOffset>"
        "<notifyAssignee>false</notifyAssignee><priority>High</priority><protected>false</protected>"
        "<status>Not Started</status><subject>Call them</subject></tasks>",
    )
    made = org.insert("Account", {"Name": "Acme", "Rating": "Hot"}, {"Name": "Other"})
    task = [org.values("Task", field)[0] for field in ("Subject", "Priority", "WhatId", "OwnerId")]
    assert task == ["Call them", "High", made[0].record_id, org.caller.user_id]
    assert str(org.values("Task", "ActivityDate")) == "[datetime.date(2026, 3, 6)]"
    email = str(org.org.table("User").reader("Email")(org.row("User", org.caller.user_id)))
    assert org.outbox == [
        {
            "emailAlert": "Account.Tell",
            "template": "unfiled$public/Hello",
            "emailAddresses": f"{email},cc@example.com",
            "recordId": made[0].record_id,
        }
    ]
    org.insert("Account", {"Name": "Acme", "Rating": "Hot"}, {"Name": None}, all_or_none=True)
    assert len(org.outbox) == 1  # nothing was committed


MASTER = """<CustomObject><deploymentStatus>Deployed</deploymentStatus>
<fields><fullName>{field}</fullName>{more}</fields><label>{label}</label><nameField><label>Name</label><type>Text</type></nameField>
<pluralLabel>{label}s</pluralLabel><sharingModel>{sharing}</sharingModel></CustomObject>"""
STATUS = "<label>Status</label><length>20</length><type>Text</type>"
LINK = "<label>Top</label><referenceTo>Top__c</referenceTo><relationshipName>Lows</relationshipName><type>MasterDetail</type>"


def test_a_field_update_of_a_master_saves_it_once_at_the_end(new_org: NewOrg) -> None:
    org = new_org()
    org.deploy(
        {
            "objects/Top__c.object": MASTER.format(field="Status__c", more=STATUS, label="Top", sharing="ReadWrite"),
            "objects/Low__c.object": MASTER.format(
                field="Top__c", more=LINK, label="Low", sharing="ControlledByParent"
            ),
        }
    )
    org.load(
        Top="trigger Top on Top__c (after update) { System.debug(Trigger.new.size() + ' ' + Trigger.new[0].Status__c); }"
    )
    org.rules(
        "Low__c",
        field_update(
            "Close", "Status__c", "<literalValue>Closed</literalValue>", "<targetObject>Top__c</targetObject>",
            operation="Literal",
        ),
        rule("R", item("Low__c.Name", "equals", "last"), "FieldUpdate:Close"),
    )  # fmt: skip
    top = org.insert("Top__c", {"Name": "top"})[0].record_id
    rows: list[dict[str, object]] = [{"Name": name, "Top__c": top} for name in ("first", "last", "last")]
    lows = org.insert("Low__c", *rows)
    assert messages(lows) == ["", "", ""]
    assert (org.values("Top__c", "Status__c"), org.debug_log()) == (["Closed"], ["1 Closed"])


def test_an_active_rule_that_the_twin_cannot_run_is_refused_by_name_and_an_inactive_one_is_kept(
    new_org: NewOrg,
) -> None:
    org = new_org()
    late = rule("Late", item("Account.Name", "equals", "x"), active=False)
    later = "<timeLength>1</timeLength><workflowTimeTriggerUnit>Days</workflowTimeTriggerUnit>"
    timed = late.replace("</rules>", f"<workflowTimeTriggers>{later}</workflowTimeTriggers></rules>")
    org.rules("Account", timed)
    out, bad = rule("Out", "<formula>true</formula>", "OutboundMessage:X"), rule("Bad", "<formula>Nothing__c</formula>")
    problems = org.rule_problems("Account", timed.replace("<active>false", "<active>true"), out, bad)
    assert problems == [
        "orgtwin does not emulate time-dependent actions of the workflow rule Late (ledger: workflow.actions)",
        "orgtwin does not emulate the action OutboundMessage of the workflow rule Out (ledger: workflow.actions)",
        "Field Nothing__c does not exist. Check spelling.",
    ]


@pytest.mark.parametrize(
    ("criterion", "what"),
    [
        (item("Account.CreatedDate", "equals", "TODAY"), "the value 'TODAY' for Account.CreatedDate"),
        (item("Case.Subject", "equals", "x"), "criteria over Case in a rule of Account"),
        (item("Account.Nothing__c", "equals", "x"), "the criterion Account.Nothing__c equals"),
    ],
)
def test_criteria_that_the_twin_does_not_compare_are_refused_by_name(
    new_org: NewOrg, criterion: str, what: str
) -> None:
    problems = new_org().rule_problems("Account", rule("R", criterion))
    assert problems == [f"orgtwin does not emulate {what} (ledger: workflow.criteria)"]


def test_a_rule_of_an_object_that_is_not_there_is_refused(new_org: NewOrg) -> None:
    problems = new_org().rule_problems("Nothing__c", rule("R", "<formula>true</formula>"))
    assert problems == ["In field: fullName - no CustomObject named Nothing__c found"]


@pytest.mark.parametrize("kind", ["AutoResponse", "Escalation"])
def test_active_auto_response_and_escalation_rules_are_refused_by_name(new_org: NewOrg, kind: str) -> None:
    element = kind[0].lower() + kind[1:]
    rules = f"<{kind}Rules><{element}Rule><fullName>Late</fullName><active>true</active></{element}Rule></{kind}Rules>"
    problems = new_org().deploy_problems({f"{element}Rules/Case.{element}Rules": rules})
    assert problems == [f"orgtwin does not emulate the active {kind}Rule Case.Late (ledger: workflow.other-rules)"]


def test_a_field_that_workflow_names_is_not_deleted(new_org: NewOrg) -> None:
    """Source: "Delete Fields" (Salesforce Help): a field that automation refers to stays."""
    org = new_org()
    fields = "".join(
        f"<fields><fullName>{name}__c</fullName><label>{name}</label><length>9</length><type>Text</type></fields>"
        for name in ("Asked", "Written", "Read", "Free")
    )
    org.deploy({"objects/Account.object": f"<CustomObject>{fields}</CustomObject>"})
    org.rules(
        "Account",
        field_update("U", "Written__c", "<formula>Read__c</formula>"),
        rule("R", item("Account.Asked__c", "equals", "x"), "FieldUpdate:U"),
    )
    gone = "".join(f"<members>Account.{name}__c</members>" for name in ("Asked", "Written", "Read", "Free"))
    types = f"<types>{gone}<name>CustomField</name></types>"
    problems = org.deploy_problems({"destructiveChanges.xml": f"<Package>{types}<version>66.0</version></Package>"})
    used = "This custom field is referenced elsewhere in salesforce.com. : "
    assert problems == [
        f"{used}Workflow Rule - Account.R",
        f"{used}Workflow Field Update - Account.U",
        f"{used}Workflow Field Update - Account.U",
    ]
