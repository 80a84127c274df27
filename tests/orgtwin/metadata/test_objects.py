"""Custom objects, events, settings, custom metadata, rules and record types take effect when they are deployed."""

from __future__ import annotations

from typing import Any

from orgtwin.errors import SaveError
from orgtwin.metadata.deploy_model import DeployStatus
from orgtwin.metadata.types.record_writes import find_row
from orgtwin.org import Org
from orgtwin.schema.model import Field, SObjectType

_OBJECT = (
    "<CustomObject><deploymentStatus>Deployed</deploymentStatus>{more}<label>Line</label><nameField><label>Line Name</label>"
    "<type>Text</type></nameField><pluralLabel>Lines</pluralLabel><sharingModel>Private</sharingModel></CustomObject>"
)
_KEY = "<fields><fullName>Key__c</fullName><label>Key</label><length>10</length><type>Text</type></fields>"
_MAP = (
    "<CustomObject><fields><fullName>Path__c</fullName><label>Path</label><length>255</length><required>true</required>"
    "<type>Text</type></fields><fields><fullName>Active__c</fullName><defaultValue>true</defaultValue><label>Active</label>"
    "<type>Checkbox</type></fields><label>Map</label><pluralLabel>Maps</pluralLabel><visibility>Public</visibility></CustomObject>"
)
_ROW = (
    "<CustomMetadata><label>Total value</label><protected>false</protected><values><field>Active__c</field>"
    '<value xsi:type="xsd:boolean">true</value></values><values><field>Path__c</field>'
    '<value xsi:type="xsd:string">{path}</value></values></CustomMetadata>'
)


def _type(org: Org, name: str) -> SObjectType:
    found = org.schema.find_type(name)
    assert found is not None
    return found


def _field(org: Org, object_name: str, name: str) -> Field:
    found = _type(org, object_name).find_field(name)
    assert found is not None
    return found


def test_a_custom_object_is_usable_at_once(deploy: Any, org: Org) -> None:
    deploy({"objects/Line__c.object": _OBJECT.format(more=_KEY)}, {"CustomObject": ["Line__c"]})

    results = org.dml.insert(org.system_caller(), "Line__c", [{"Name": "one", "Key__c": "k"}])

    line = _type(org, "Line__c")
    assert (line.label, line.label_plural, line.key_prefix, line.sharing_model) == ("Line", "Lines", "a00", "Private")
    assert results[0].success
    assert str(results[0].record_id).startswith("a00")


def test_notes_and_attachments_are_about_records_of_a_custom_object(deploy: Any, org: Org) -> None:
    deploy({"objects/Line__c.object": _OBJECT.format(more="")}, {"CustomObject": ["Line__c"]})
    admin = org.system_caller()
    (line,) = org.dml.insert(admin, "Line__c", [{"Name": "one"}])

    for child, values in (("Note", {"Title": "n"}), ("Attachment", {"Name": "a.txt", "Body": "YQ=="})):
        (result,) = org.dml.insert(admin, child, [{**values, "ParentId": line.record_id}])
        assert result.errors == ()
        assert len(org.table(child).find("ParentId", line.record_id)) == 1

    org.dml.delete(admin, [str(line.record_id)])
    assert [list(org.table(child).rows()) for child in ("Note", "Attachment")] == [[], []]


def test_notes_and_attachments_forget_an_object_that_goes(deploy: Any, org: Org) -> None:
    more = "<enableActivities>true</enableActivities><enableFeeds>true</enableFeeds>"
    deploy({"objects/Line__c.object": _OBJECT.format(more=more)}, {"CustomObject": ["Line__c"]})
    about = {"Task": "WhatId", "Event": "WhatId", "Note": "ParentId", "Attachment": "ParentId", "FeedItem": "ParentId"}
    assert all("Line__c" in _field(org, child, field).reference_to for child, field in about.items())

    gone = "<Package><types><members>Line__c</members><name>CustomObject</name></types></Package>"
    assert deploy({"destructiveChanges.xml": gone}, {}).status is DeployStatus.SUCCEEDED

    assert not any("Line__c" in _field(org, child, field).reference_to for child, field in about.items())


def test_two_new_objects_have_two_key_prefixes(deploy: Any, org: Org) -> None:
    files = {f"objects/{name}__c.object": _OBJECT.format(more="") for name in ("One", "Two")}
    deploy(files, {"CustomObject": ["One__c", "Two__c"]})

    assert [_type(org, name).key_prefix for name in ("One__c", "Two__c")] == ["a00", "a01"]


def test_an_object_keeps_the_children_that_a_later_file_leaves_out(deploy: Any, org: Org) -> None:
    deploy({"objects/Line__c.object": _OBJECT.format(more=_KEY)}, {"CustomObject": ["Line__c"]})
    renamed = _OBJECT.format(more="").replace("<label>Line</label>", "<label>Row</label>")
    deploy({"objects/Line__c.object": renamed}, {"CustomObject": ["Line__c"]})

    assert _type(org, "Line__c").label == "Row"
    assert _field(org, "Line__c", "Key__c").length == 10


def test_a_platform_event_is_an_event(deploy: Any, org: Org) -> None:
    body = (
        f"<CustomObject><deploymentStatus>Deployed</deploymentStatus><eventType>HighVolume</eventType>{_KEY}<label>Signed</label>"
        "<pluralLabel>Signed</pluralLabel><publishBehavior>PublishAfterCommit</publishBehavior></CustomObject>"
    )
    deploy({"objects/Signed__e.object": body}, {"CustomObject": ["Signed__e"]})

    signed = _type(org, "Signed__e")
    assert (signed.event, signed.key_prefix, signed.queryable) == (True, "e00", False)
    assert not _field(org, "Signed__e", "Key__c").permissionable


def test_a_custom_setting_belongs_to_someone(deploy: Any, org: Org) -> None:
    body = "<CustomObject><customSettingsType>Hierarchy</customSettingsType><label>Switches</label></CustomObject>"
    deploy({"objects/Switches__c.object": body}, {"CustomObject": ["Switches__c"]})

    assert _type(org, "Switches__c").custom_setting == "Hierarchy"
    assert _field(org, "Switches__c", "SetupOwnerId").reference_to == ("Organization", "Profile", "User")


def test_a_custom_metadata_record_is_a_row_that_a_later_file_changes(deploy: Any, org: Org) -> None:
    files = {"objects/Map__mdt.object": _MAP, "customMetadata/Map.Total.md": _ROW.format(path="total")}
    assert (
        deploy(files, {"CustomObject": ["Map__mdt"], "CustomMetadata": ["Map.Total"]}).status is DeployStatus.SUCCEEDED
    )
    deploy({"customMetadata/Map.Total.md": _ROW.format(path="sum")}, {"CustomMetadata": ["Map.Total"]})

    table = org.table("Map__mdt")
    names = ("DeveloperName", "MasterLabel", "Path__c", "Active__c")
    assert [[table.reader(name)(row) for name in names] for row in table.rows()] == [
        ["Total", "Total value", "sum", True]
    ]


def test_a_value_that_a_later_file_of_a_custom_metadata_record_leaves_out_is_cleared(deploy: Any, org: Org) -> None:
    optional = _MAP.replace("<required>true</required>", "<required>false</required>")
    files = {"objects/Map__mdt.object": optional, "customMetadata/Map.Total.md": _ROW.format(path="total")}
    deploy(files, {"CustomObject": ["Map__mdt"], "CustomMetadata": ["Map.Total"]})
    short = "<CustomMetadata><label>Total value</label><protected>false</protected></CustomMetadata>"
    deploy({"customMetadata/Map.Total.md": short}, {"CustomMetadata": ["Map.Total"]})

    table = org.table("Map__mdt")
    assert [table.reader("Path__c")(row) for row in table.rows()] == [None]


def test_a_custom_metadata_record_needs_its_required_fields(deploy: Any) -> None:
    row = "<CustomMetadata><label>Total value</label></CustomMetadata>"
    files = {"objects/Map__mdt.object": _MAP, "customMetadata/Map.Total.md": row}

    job = deploy(files, {"CustomObject": ["Map__mdt"], "CustomMetadata": ["Map.Total"]})

    assert [message.problem for message in job.outcome.failures] == ["Required fields are missing: [Path__c]"]


def test_a_record_type_is_in_the_schema_and_a_row(deploy: Any, org: Org) -> None:
    record_type = "<recordTypes><fullName>Msa</fullName><active>true</active><label>Master</label></recordTypes>"
    body = f"<CustomObject>{record_type}</CustomObject>"
    job = deploy({"objects/Contract.object": body}, {"RecordType": ["Contract.Msa"]})

    row_id = find_row(org, "RecordType", SobjectType="Contract", DeveloperName="Msa")
    assert [(r.developer_name, r.label, r.active) for r in _type(org, "Contract").record_types] == [
        ("Msa", "Master", True)
    ]
    assert row_id is not None
    assert job.outcome.successes[-1].id == row_id


def test_a_validation_rule_stands_in_the_schema(deploy: Any, org: Org) -> None:
    body = (
        "<CustomObject><validationRules><fullName>Ends</fullName><active>true</active>"
        "<errorConditionFormula>ISBLANK(Description)</errorConditionFormula><errorDisplayField>Description</errorDisplayField>"
        "<errorMessage>Describe it.</errorMessage></validationRules></CustomObject>"
    )
    deploy({"objects/Account.object": body}, {"ValidationRule": ["Account.Ends"]})

    (rule,) = _type(org, "Account").validation_rules
    assert (rule.name, rule.formula, rule.message, rule.field) == (
        "Ends",
        "ISBLANK(Description)",
        "Describe it.",
        "Description",
    )


def test_a_rule_may_name_a_field_of_the_same_deploy(deploy: Any, org: Org) -> None:
    body = (
        f"<CustomObject>{_KEY}<validationRules><fullName>Keyed</fullName><active>true</active>"
        "<errorConditionFormula>ISBLANK(Key__c)</errorConditionFormula><errorMessage>Key it.</errorMessage>"
        "</validationRules></CustomObject>"
    )
    job = deploy(
        {"objects/Account.object": body}, {"CustomField": ["Account.Key__c"], "ValidationRule": ["Account.Keyed"]}
    )

    assert job.status is DeployStatus.SUCCEEDED


def test_settings_reach_the_org_and_what_they_govern(deploy: Any, org: Org) -> None:
    body = "<ContractSettings><autoCalculateEndDate>{0}</autoCalculateEndDate></ContractSettings>"
    deploy({"settings/Contract.settings": body.format("false")}, {"Settings": ["Contract"]})
    assert org.settings["ContractSettings.autoCalculateEndDate"] is False
    assert _field(org, "Contract", "EndDate").createable

    deploy({"settings/Contract.settings": body.format("true")}, {"Settings": ["Contract"]})
    assert not _field(org, "Contract", "EndDate").createable


def test_a_contract_status_is_a_value_and_a_row(deploy: Any, org: Org) -> None:
    one = (
        "<standardValue><fullName>{0}</fullName><default>{2}</default><groupingString>{1}</groupingString>"
        "<label>{0}</label></standardValue>"
    )
    values = [("Draft", "Draft", "true"), ("Activated", "Activated", "false"), ("Terminated", "Activated", "false")]
    body = "".join(one.format(*value) for value in values)
    files = {
        "standardValueSets/ContractStatus.standardValueSet": f"<StandardValueSet><sorted>false</sorted>{body}</StandardValueSet>"
    }
    deploy(files, {"StandardValueSet": ["ContractStatus"]})

    shown = [(value.value, value.group, value.active) for value in _field(org, "Contract", "Status").picklist]
    assert shown == [
        ("Draft", "Draft", True),
        ("Activated", "Activated", True),
        ("Terminated", "Activated", True),
        ("In Approval Process", "InApproval", False),
    ]
    table = org.table("ContractStatus")
    rows = [(table.reader("ApiName")(row), table.reader("StatusCode")(row)) for row in table.rows()]
    assert rows == [("Draft", "Draft"), ("Activated", "Activated"), ("Terminated", "Activated")]


def test_a_restricted_value_is_enforced_as_soon_as_it_is_deployed(deploy: Any, org: Org) -> None:
    body = (
        "<CustomObject><fields><fullName>Tier__c</fullName><label>Tier</label><type>Picklist</type><valueSet>"
        "<restricted>true</restricted><valueSetDefinition><sorted>false</sorted><value><fullName>Gold</fullName>"
        "<default>false</default><label>Gold</label></value></valueSetDefinition></valueSet></fields></CustomObject>"
    )
    deploy({"objects/Account.object": body}, {"CustomField": ["Account.Tier__c"]})

    (result,) = org.dml.insert(org.system_caller(), "Account", [{"Name": "A", "Tier__c": "Tin"}])

    expected = SaveError(
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "Tier: bad value for restricted picklist field: Tin", ("Tier__c",)
    )
    assert result.errors == (expected,)


def test_an_object_that_keeps_history_has_a_history_object(deploy: Any, org: Org) -> None:
    tracked = _KEY.replace("<type>", "<trackHistory>true</trackHistory><type>")
    on = _OBJECT.format(more=f"<enableHistory>true</enableHistory>{tracked}")
    deploy({"objects/Line__c.object": on}, {"CustomObject": ["Line__c"]})
    (created,) = org.dml.insert(org.system_caller(), "Line__c", [{"Name": "one", "Key__c": "a"}])
    org.dml.update(org.system_caller(), "Line__c", [{"Id": created.record_id, "Key__c": "b"}])

    table = org.table("Line__History")
    rows = [
        (table.reader("Field")(row), table.reader("OldValue")(row), table.reader("NewValue")(row))
        for row in table.rows()
    ]
    assert ("Key__c", "a", "b") in rows

    deploy(
        {"objects/Line__c.object": _OBJECT.format(more="<enableHistory>false</enableHistory>")},
        {"CustomObject": ["Line__c"]},
    )
    assert org.schema.find_type("Line__History") is None
