"""Record-triggered flows run where the order of execution has them, and what they cannot do is refused by name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from orgtwin.errors import SaveResult, Unsupported
from orgtwin.flows.service import FlowService
from orgtwin.metadata.deploy_model import DeployOptions
from orgtwin.metadata.service import MetadataService
from orgtwin.org import Org
from orgtwin.records.model import Caller
from orgtwin.seed import administrator, new_org

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def flow(start: str, body: str = "", *, trigger: str = "RecordBeforeSave", events: str = "CreateAndUpdate") -> str:
    return f"""<Flow xmlns="http://soap.sforce.com/2006/04/metadata"><apiVersion>66.0</apiVersion>{body}<label>Guard</label><processType>AutoLaunchedFlow</processType>
    <start><locationX>0</locationX><locationY>0</locationY>{start}<object>Account</object>
    <recordTriggerType>{events}</recordTriggerType><triggerType>{trigger}</triggerType></start><status>Active</status></Flow>"""


def go(name: str) -> str:
    return f"<connector><targetReference>{name}</targetReference></connector>"


def to(field: str, value: str) -> str:
    return f"<inputAssignments><field>{field}</field><value>{value}</value></inputAssignments>"


SET_RATING = f"""<recordUpdates><name>Rate</name><label>Rate</label><locationX>0</locationX><locationY>0</locationY>
    {to("Rating", "<stringValue>Hot</stringValue>")}{to("Description", "<stringValue>was {!$Record.Name}</stringValue>")}
    <inputReference>$Record</inputReference></recordUpdates>"""
ONLY_BIG = """<filterLogic>and</filterLogic><filters><field>NumberOfEmployees</field><operator>GreaterThan</operator>
    <value><numberValue>100</numberValue></value></filters>"""


class Stage:
    """An org with flows, and its administrator as the caller."""

    def __init__(self, **flows: str) -> None:
        self.org: Org = new_org(lambda: NOON)
        self.caller = Caller(administrator(self.org).user_id)
        metadata = MetadataService(self.org)
        self.flows = FlowService(self.org, lambda: metadata.components)
        members = "".join(f"<members>{name}</members>" for name in flows)
        manifest = f'<Package xmlns="http://soap.sforce.com/2006/04/metadata"><types>{members}<name>Flow</name></types><version>66.0</version></Package>'
        files = {"package.xml": manifest, **{f"flows/{name}.flow": text for name, text in flows.items()}}
        encoded = {path: text.encode() for path, text in files.items()}
        job = metadata.deploy_files(administrator(self.org), encoded, DeployOptions(single_package=True))
        assert job.outcome is not None
        assert [m.problem for m in job.outcome.failures] == []

    def insert(self, **values: object) -> SaveResult:
        return self.org.dml.insert(self.caller, "Account", [values])[0]

    def update(self, record_id: str | None, **values: object) -> SaveResult:
        return self.org.dml.update(self.caller, "Account", [{"Id": record_id, **values}])[0]

    def read(self, field: str, sobject_type: str = "Account") -> list[object]:
        table = self.org.table(sobject_type)
        reader = table.reader(field)
        return [reader(row) for row in table.rows()]


def test_a_flow_before_the_save_sets_fields_of_the_records_that_its_filters_let_in() -> None:
    stage = Stage(Rate=flow(ONLY_BIG + go("Rate"), SET_RATING))
    assert stage.insert(Name="Big", NumberOfEmployees=101).success
    assert stage.insert(Name="Small", NumberOfEmployees=100).success
    assert stage.read("Rating") == ["Hot", None]
    assert stage.read("Description") == ["was Big", None]


def test_an_entry_formula_is_evaluated_by_the_formula_engine() -> None:
    entry = "<filterFormula>BEGINS({!$Record.Name}, 'B') &amp;&amp; {!$Record.NumberOfEmployees} &gt; 1</filterFormula>"
    stage = Stage(Rate=flow(entry + go("Rate"), SET_RATING))
    stage.insert(Name="Big", NumberOfEmployees=2)
    stage.insert(Name="Anders", NumberOfEmployees=2)
    assert stage.read("Rating") == ["Hot", None]


FORMULAS = (
    ("String", "IF(ISBLANK({!$Record.Industry}), {!$Record.Name} &amp; '!', 'known')", "Description", "Big!"),
    ("Number", "{!$Record.NumberOfEmployees} * 2", "NumberOfEmployees", 202),
    ("Number", "$Record.NumberOfEmployees + {!$Record.NumberOfEmployees}", "NumberOfEmployees", 202),
)


@pytest.mark.parametrize(("kind", "expression", "field", "value"), FORMULAS, ids=[row[1] for row in FORMULAS])
def test_a_formula_resource_has_the_type_that_it_declares(
    kind: str, expression: str, field: str, value: object
) -> None:
    resource = f"<formulas><name>told</name><dataType>{kind}</dataType><expression>{expression}</expression></formulas>"
    fill = f"""<recordUpdates><name>Fill</name><label>Fill</label><locationX>0</locationX><locationY>0</locationY>
        {to(field, "<elementReference>told</elementReference>")}<inputReference>$Record</inputReference></recordUpdates>"""
    stage = Stage(Fill=flow(go("Fill"), resource + fill))
    assert stage.insert(Name="Big", NumberOfEmployees=101).success
    assert stage.read(field) == [value]


def test_a_flow_that_wants_a_change_runs_only_when_the_record_comes_to_meet_its_filters() -> None:
    once = (
        ONLY_BIG + "<doesRequireRecordChangedToMeetCriteria>true</doesRequireRecordChangedToMeetCriteria>" + go("Rate")
    )
    stage = Stage(Rate=flow(once, SET_RATING, events="Update"))
    account = stage.insert(Name="A", NumberOfEmployees=101).record_id
    stage.update(account, Name="B")
    assert stage.read("Rating") == [None]
    stage.update(account, NumberOfEmployees=1)
    stage.update(account, NumberOfEmployees=102)
    assert stage.read("Rating") == ["Hot"]


CREATE_CONTACT = f"""<recordCreates><name>Person</name><label>Person</label><locationX>0</locationX><locationY>0</locationY>
    {to("AccountId", "<elementReference>$Record.Id</elementReference>")}
    {to("LastName", "<elementReference>$Record.Name</elementReference>")}<object>Contact</object></recordCreates>"""


def test_a_flow_after_the_save_creates_records_of_its_record() -> None:
    stage = Stage(Make=flow(go("Person"), CREATE_CONTACT, trigger="RecordAfterSave", events="Create"))
    account = stage.insert(Name="Acme").record_id
    assert stage.read("LastName", "Contact") == ["Acme"]
    assert stage.read("AccountId", "Contact") == [account]


def test_what_a_flow_cannot_write_refuses_the_save_in_the_platforms_words() -> None:
    broken = CREATE_CONTACT.replace("LastName", "FirstName")
    stage = Stage(Make=flow(go("Person"), broken, trigger="RecordAfterSave", events="Create"))
    error = stage.insert(Name="Acme").errors[0]
    assert error.status_code == "CANNOT_EXECUTE_FLOW_TRIGGER"
    assert error.message == (
        "We can't save this record because the “Guard” process failed. Give your Salesforce admin these details. This error"
        " occurred when the flow tried to create records: REQUIRED_FIELD_MISSING: Required fields are missing: [LastName]."
        " You can look up ExceptionCode values in the SOAP API Developer Guide."
    )
    assert stage.read("Name") == []


DECISION = f"""<decisions><name>Which</name><label>Which</label><locationX>0</locationX><locationY>0</locationY>
    <defaultConnectorLabel>Other</defaultConnectorLabel><rules><name>Bad</name><conditionLogic>1 AND (2 OR 3)</conditionLogic>
    <conditions><leftValueReference>$Record.Name</leftValueReference><operator>StartsWith</operator>
    <rightValue><stringValue>b</stringValue></rightValue></conditions>
    <conditions><leftValueReference>$Record.Phone</leftValueReference><operator>IsNull</operator>
    <rightValue><booleanValue>true</booleanValue></rightValue></conditions>
    <conditions><leftValueReference>$Record.Fax</leftValueReference><operator>EqualTo</operator>
    <rightValue><stringValue>none</stringValue></rightValue></conditions>{go("No")}<label>Bad</label></rules></decisions>
    <customErrors><name>No</name><label>No</label><locationX>0</locationX><locationY>0</locationY><customErrorMessages>
    <errorMessage>{{!$Record.Name}} needs a phone</errorMessage>
    <fieldSelection>Phone</fieldSelection><isFieldError>true</isFieldError>
    </customErrorMessages></customErrors>"""


def test_a_decision_leads_to_a_custom_error_on_a_field() -> None:
    stage = Stage(Guard=flow(go("Which"), DECISION, trigger="RecordAfterSave"))
    assert stage.insert(Name="Acme").success
    assert stage.insert(Name="Basic", Phone="1").success
    error = stage.insert(Name="Bad").errors[0]
    assert (error.status_code, error.message, error.fields) == (
        "CANNOT_EXECUTE_FLOW_TRIGGER",
        "Bad needs a phone",
        ("Phone",),
    )


LOOP = f"""<recordLookups><name>People</name><label>People</label><locationX>0</locationX><locationY>0</locationY>{go("Each")}
    <filterLogic>and</filterLogic><filters><field>AccountId</field><operator>EqualTo</operator>
    <value><elementReference>$Record.Id</elementReference></value></filters><getFirstRecordOnly>false</getFirstRecordOnly>
    <object>Contact</object><storeOutputAutomatically>true</storeOutputAutomatically></recordLookups>
    <loops><name>Each</name><label>Each</label><locationX>0</locationX><locationY>0</locationY>
    <collectionReference>People</collectionReference><iterationOrder>Asc</iterationOrder>
    <nextValueConnector><targetReference>Count</targetReference></nextValueConnector>
    <noMoreValuesConnector><targetReference>Tell</targetReference></noMoreValuesConnector></loops>
    <assignments><name>Count</name><label>Count</label><locationX>0</locationX><locationY>0</locationY>
    <assignmentItems><assignToReference>names</assignToReference><operator>Add</operator>
    <value><elementReference>Each.LastName</elementReference></value></assignmentItems>{go("Each")}</assignments>
    <recordUpdates><name>Tell</name><label>Tell</label><locationX>0</locationX><locationY>0</locationY>
    {to("Description", "<elementReference>names</elementReference>")}<inputReference>$Record</inputReference></recordUpdates>
    <variables><name>names</name><dataType>String</dataType><isCollection>false</isCollection><isInput>false</isInput>
    <isOutput>false</isOutput></variables>"""


def test_a_loop_goes_through_what_a_lookup_found_and_its_own_update_does_not_start_the_flow_again() -> None:
    stage = Stage(Count=flow(go("People"), LOOP, trigger="RecordAfterSave", events="Update"))
    account = stage.insert(Name="Acme").record_id
    for name in ("Ada", "Bob"):
        stage.org.dml.insert(stage.caller, "Contact", [{"LastName": name, "AccountId": account}])
    assert stage.update(account, Name="Acme Inc").errors == ()
    assert stage.read("Description") == ["AdaBob"]


MAIL = """<actionCalls><name>Mail</name><label>Mail</label><locationX>0</locationX><locationY>0</locationY>
    <actionName>emailSimple</actionName><actionType>emailSimple</actionType>
    <inputParameters><name>emailAddresses</name><value><stringValue>a@example.com</stringValue></value></inputParameters>
    <inputParameters><name>emailSubject</name><value><stringValue>{!$Record.Name}</stringValue></value></inputParameters>
    </actionCalls>"""


def test_a_scheduled_path_waits_for_its_time_and_its_mail_goes_to_the_outbox() -> None:
    path = f"""<scheduledPaths><name>Later</name>{go("Mail")}<label>Later</label><offsetNumber>2</offsetNumber>
        <offsetUnit>Days</offsetUnit><timeSource>RecordTriggerEvent</timeSource></scheduledPaths>"""
    stage = Stage(Later=flow(path, MAIL, trigger="RecordAfterSave", events="Create"))
    stage.insert(Name="Acme")
    assert stage.flows.run_due(NOON + timedelta(days=1)) == 0
    assert stage.flows.run_due(NOON + timedelta(days=2)) == 1
    assert stage.flows.outbox == [{"emailAddresses": "a@example.com", "emailSubject": "Acme"}]
    assert stage.flows.run_due(NOON + timedelta(days=9)) == 0


def test_a_record_that_no_longer_meets_the_conditions_takes_its_waiting_paths_along() -> None:
    path = f"""<scheduledPaths><name>Later</name>{go("Mail")}<label>Later</label><offsetNumber>2</offsetNumber>
        <offsetUnit>Days</offsetUnit><timeSource>RecordTriggerEvent</timeSource></scheduledPaths>
        <filterLogic>and</filterLogic><filters><field>Industry</field><operator>EqualTo</operator>
        <value><stringValue>Energy</stringValue></value></filters>"""
    stage = Stage(Later=flow(path, MAIL, trigger="RecordAfterSave", events="CreateAndUpdate"))
    account = stage.insert(Name="Acme", Industry="Energy").record_id
    stage.update(account, Industry="Media")
    assert stage.flows.run_due(NOON + timedelta(days=9)) == 0
    stage.update(account, Industry="Energy")
    assert stage.flows.run_due(NOON + timedelta(days=9)) == 1


POST = f"""<actionCalls><name>Post</name><label>Post</label><locationX>0</locationX><locationY>0</locationY>
    <actionName>chatterPost</actionName><actionType>chatterPost</actionType>{go("Rate")}
    <inputParameters><name>text</name><value><stringValue>{{!$Record.Name}} is new</stringValue></value></inputParameters>
    <inputParameters><name>subjectNameOrId</name><value><elementReference>$Record.Id</elementReference></value></inputParameters>
    <storeOutputAutomatically>true</storeOutputAutomatically></actionCalls>
    <recordUpdates><name>Rate</name><label>Rate</label><locationX>0</locationX><locationY>0</locationY>
    {to("Description", "<elementReference>Post.feedItemId</elementReference>")}
    <inputReference>$Record</inputReference></recordUpdates>"""


def test_post_to_chatter_makes_a_feed_item_of_the_record() -> None:
    """Source: "Post to Chatter Actions" (Actions Developer Guide)."""
    stage = Stage(Post=flow(go("Post"), POST, trigger="RecordAfterSave", events="Create"))
    account = stage.insert(Name="Acme").record_id
    feed = stage.org.table("FeedItem")
    shown = [[feed.reader(name)(row) for name in ("ParentId", "Body")] for row in feed.rows()]
    assert shown == [[account, "Acme is new"]]
    assert stage.read("Description") == [feed.reader("Id")(row) for row in feed.rows()]


def test_a_notification_goes_to_the_outbox_when_it_has_what_it_requires() -> None:
    """Source: "Custom Notification Actions" (Actions Developer Guide)."""
    action = MAIL.replace("emailSimple", "customNotificationAction").replace("emailSubject", "body")
    stage = Stage(Notify=flow(go("Mail"), action, trigger="RecordAfterSave", events="Create"))
    with pytest.raises(Unsupported, match="customNotificationAction without customNotifTypeId, recipientIds"):
        stage.insert(Name="Acme")

    whole = action.replace("emailAddresses", "recipientIds").replace(
        "</actionCalls>",
        "<inputParameters><name>customNotifTypeId</name><value><stringValue>0ML</stringValue></value></inputParameters></actionCalls>",
    )
    stage = Stage(Notify=flow(go("Mail"), whole, trigger="RecordAfterSave", events="Create"))
    stage.insert(Name="Acme")
    sent = {"recipientIds": "a@example.com", "body": "Acme", "customNotifTypeId": "0ML"}
    assert stage.flows.outbox == [{"kind": "notification", **sent}]


def test_an_action_that_is_not_emulated_is_refused_by_name() -> None:
    other = MAIL.replace("emailSimple", "submit")
    stage = Stage(Send=flow(go("Mail"), other, trigger="RecordAfterSave", events="Create"))
    with pytest.raises(Unsupported) as refused:
        stage.insert(Name="Acme")
    assert refused.value.ledger_key == "flow.action"
    assert stage.read("Name") == []


def test_an_element_that_is_not_emulated_refuses_the_save_and_not_the_deploy() -> None:
    place = "<locationX>0</locationX><locationY>0</locationY>"
    wait = f"<waits><name>Wait</name><label>Wait</label>{place}</waits>"
    stage = Stage(Other=flow(go("Wait"), wait))
    with pytest.raises(Unsupported) as refused:
        stage.insert(Name="Acme")
    assert refused.value.ledger_key == "flow.element"


def subflow(name: str, *, more: str = "") -> str:
    """An element that gives the record's name to a flow, and its output to the next element."""
    return f"""<subflows><name>Sub</name><label>Sub</label><locationX>0</locationX><locationY>0</locationY>{go("Rate")}
        <flowName>{name}</flowName><inputAssignments><name>given</name><value><elementReference>$Record.Name</elementReference></value>
        </inputAssignments>{more}</subflows><recordUpdates><name>Rate</name><label>Rate</label><locationX>0</locationX>
        <locationY>0</locationY>{to("Description", "<elementReference>Sub.made</elementReference>")}
        <inputReference>$Record</inputReference></recordUpdates>"""


def variable(name: str, flag: str) -> str:
    flags = "".join(f"<{one}>{str(one == flag).lower()}</{one}>" for one in ("isInput", "isOutput"))
    return f"<variables><name>{name}</name><dataType>String</dataType><isCollection>false</isCollection>{flags}</variables>"


CALLED = f"""<Flow xmlns="http://soap.sforce.com/2006/04/metadata"><apiVersion>66.0</apiVersion>
    <assignments><name>Make</name><label>Make</label><locationX>0</locationX><locationY>0</locationY><assignmentItems>
    <assignToReference>made</assignToReference><operator>Assign</operator><value><stringValue>{{!given}}!</stringValue></value>
    </assignmentItems></assignments><label>Called</label><processType>AutoLaunchedFlow</processType>
    <start><locationX>0</locationX><locationY>0</locationY>{go("Make")}</start><status>Active</status>
    {variable("given", "isInput")}{variable("made", "isOutput")}</Flow>"""
KEPT = "<storeOutputAutomatically>true</storeOutputAutomatically>"


def test_a_subflow_is_given_values_and_gives_its_outputs_back() -> None:
    """Source: "Flow Element: Subflow" (Salesforce Help), FlowSubflow (Metadata API Developer Guide)."""
    caller = flow(go("Sub"), subflow("Called", more=KEPT), trigger="RecordAfterSave", events="Create")
    stage = Stage(Caller=caller, Called=CALLED)
    assert stage.insert(Name="Acme").success
    assert stage.read("Description") == ["Acme!"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (CALLED.replace("<status>Active", "<status>Draft"), "the flow Called is not there, or not active"),
        (
            CALLED.replace("</assignmentItems></assignments>", f"</assignmentItems>{go('Again')}</assignments>"),
            "more than 50 subflows call each other",
        ),
    ],
)
def test_a_subflow_that_cannot_be_run_fails_the_save(body: str, reason: str) -> None:
    place = "<locationX>0</locationX><locationY>0</locationY>"
    again = f"<subflows><name>Again</name><label>Again</label>{place}<flowName>Called</flowName></subflows>"
    called = body.replace("<variables>", f"{again}<variables>", 1)
    stage = Stage(Caller=flow(go("Sub"), subflow("Called"), trigger="RecordAfterSave", events="Create"), Called=called)
    assert stage.insert(Name="Acme").errors[0].message.endswith(f"details. {reason}")


def test_a_lookup_finds_definitions_of_objects() -> None:
    """Source: "EntityDefinition" (Object Reference): queryable as records are; public flows look it up."""
    of_key = """<filters><field>KeyPrefix</field><operator>EqualTo</operator>
        <value><stringValue>003</stringValue></value></filters>"""
    found = f"""<recordLookups><name>Found</name><label>Found</label><locationX>0</locationX><locationY>0</locationY>{go("Rate")}
        <filterLogic>and</filterLogic>{of_key}<getFirstRecordOnly>true</getFirstRecordOnly><object>EntityDefinition</object>
        <storeOutputAutomatically>true</storeOutputAutomatically></recordLookups>"""
    name = "<elementReference>Found.QualifiedApiName</elementReference>"
    kept = f"""<recordUpdates><name>Rate</name><label>Rate</label><locationX>0</locationX><locationY>0</locationY>
        {to("Description", name)}<inputReference>$Record</inputReference></recordUpdates>"""
    stage = Stage(Find=flow(go("Found"), found + kept))
    assert stage.insert(Name="Acme").success
    assert stage.read("Description") == ["Contact"]


@pytest.mark.parametrize("name", ["Yes", "Wanted", "Inner", "Choice", "Table.firstSelectedRow"])
def test_a_condition_names_an_outcome_a_field_of_a_screen_or_a_choice(name: str) -> None:
    """Source: "FlowScreenField", "FlowRule", "FlowCondition" (Metadata API Developer Guide)."""
    place = "<locationX>0</locationX><locationY>0</locationY>"
    body = f"""<choices><name>Choice</name><choiceText>Choice</choiceText><dataType>String</dataType></choices>
        <decisions><name>Ask</name><label>Ask</label>{place}<rules><name>Yes</name><conditionLogic>and</conditionLogic>
        <conditions><leftValueReference>{name}</leftValueReference><operator>IsNull</operator>
        <rightValue><booleanValue>true</booleanValue></rightValue></conditions><label>Yes</label></rules></decisions>
        <screens><name>First</name><label>First</label>{place}<fields><name>Part</name><fieldType>RegionContainer</fieldType>
        <fields><name>Inner</name><fieldType>InputField</fieldType></fields></fields><fields><name>Wanted</name>
        <fieldType>InputField</fieldType></fields><fields><name>Table</name><fieldType>ComponentInstance</fieldType></fields></screens>"""
    assert Stage(Screen=flow("", body)).flows.flows("Contact") == []


def test_a_draft_does_not_run() -> None:
    stage = Stage(Rate=flow(go("Rate"), SET_RATING).replace("Active", "Draft"))
    stage.insert(Name="Acme")
    assert stage.read("Rating") == [None]


def assign(to_reference: str, operator: str, value: str) -> str:
    return f"""<assignments><name>Set</name><label>Set</label><locationX>0</locationX><locationY>0</locationY><assignmentItems>
        <assignToReference>{to_reference}</assignToReference><operator>{operator}</operator><value>{value}</value>
        </assignmentItems></assignments>"""


@pytest.mark.parametrize(
    ("ledger_key", "start", "body"),
    [
        ("flow.operator", ONLY_BIG.replace("GreaterThan", "In") + go("Rate"), SET_RATING),
        (
            "flow.assignment-operator",
            go("Set"),
            assign("$Record.Rating", "RemoveFirst", "<stringValue>x</stringValue>"),
        ),
        (
            "flow.global-variable",
            go("Set"),
            assign("$Record.Rating", "Assign", "<elementReference>$Setup.X__c.Y__c</elementReference>"),
        ),
        ("flow.formula-reference", "<filterFormula>{!Other} &gt; 1</filterFormula>" + go("Rate"), SET_RATING),
    ],
)
def test_what_conditions_assignments_and_formulas_cannot_do_is_refused_by_name(
    ledger_key: str, start: str, body: str
) -> None:
    stage = Stage(Other=flow(start, body))
    with pytest.raises(Unsupported) as refused:
        stage.insert(Name="Acme", NumberOfEmployees=1)
    assert refused.value.ledger_key == ledger_key
    assert stage.read("Name") == []
