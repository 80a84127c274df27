"""A field file becomes a field of the schema, and a field that is in use cannot be turned into anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from msgspec import structs

from orgtwin.metadata.deploy_model import DeployStatus
from orgtwin.org import Org
from orgtwin.records.model import Caller
from orgtwin.schema.model import Field, FieldType

_ROWS = yaml.safe_load((Path(__file__).parent / "cases" / "accepted_fields.yml").read_text("utf-8"))
_TEXT = "<label>Key</label><length>{length}</length><type>Text</type>"
_PICKLIST = (
    "<label>Kind</label><type>Picklist</type><valueSet><restricted>true</restricted><valueSetDefinition><sorted>false</sorted>"
    "{values}</valueSetDefinition></valueSet>"
)


def _files(full_name: str, body: str) -> tuple[dict[str, str], dict[str, list[str]]]:
    object_name, _, name = full_name.partition(".")
    text = f"<CustomObject><fields><fullName>{name}</fullName>{body}</fields></CustomObject>"
    return {f"objects/{object_name}.object": text}, {"CustomField": [full_name]}


def _value(name: str, more: str = "") -> str:
    return f"<value><fullName>{name}</fullName><default>false</default>{more}<label>{name}</label></value>"


def _field(org: Org, full_name: str) -> Field:
    object_name, _, name = full_name.partition(".")
    sobject_type = org.schema.find_type(object_name)
    field = sobject_type.find_field(name) if sobject_type else None
    assert field is not None
    return field


def _differing(field: Field) -> dict[str, object]:
    plain = Field(field.api_name, field.label, field.type, custom=True)
    shown = {
        f.name: getattr(field, f.name)
        for f in structs.fields(Field)
        if getattr(field, f.name) != getattr(plain, f.name)
    }
    return {
        **{key: list(value) if isinstance(value, tuple) else value for key, value in shown.items()},
        "type": field.type.value,
    }


@pytest.mark.parametrize("row", [pytest.param(row, id=row["fact"]) for row in _ROWS])
def test_a_field_file_becomes_a_field_of_the_schema(row: dict[str, Any], deploy: Any, org: Org) -> None:
    job = deploy(*_files(row["field"], row["body"]))

    assert [message.problem for message in job.outcome.failures] == []
    assert _differing(_field(org, row["field"])) == row["shows"]


def test_a_detail_gets_its_master_and_loses_its_owner(deploy: Any, org: Org) -> None:
    body = (
        "<CustomObject><deploymentStatus>Deployed</deploymentStatus><fields><fullName>Contract__c</fullName><label>Contract</label>"
        "<referenceTo>Contract</referenceTo><relationshipName>Lines</relationshipName><type>MasterDetail</type></fields>"
        "<label>Line</label><nameField><displayFormat>L-{0}</displayFormat><label>No.</label><type>AutoNumber</type></nameField>"
        "<pluralLabel>Lines</pluralLabel><sharingModel>ControlledByParent</sharingModel></CustomObject>"
    )
    deploy({"objects/Line__c.object": body}, {"CustomObject": ["Line__c"]})

    line = org.schema.find_type("Line__c")
    assert line is not None
    assert line.find_field("OwnerId") is None
    assert line.sharing_model == "ControlledByParent"
    master = _field(org, "Line__c.Contract__c")
    assert (master.master_detail_order, master.cascade_delete, master.nillable, master.permissionable) == (
        0,
        True,
        False,
        False,
    )
    assert [
        child.relationship_name for child in org.schema.children_of("Contract") if child.child_type == "Line__c"
    ] == ["Lines__r"]


def test_a_global_value_set_gives_its_values_to_every_field_that_uses_it(deploy: Any, org: Org) -> None:
    one = "<customValue><fullName>{0}</fullName><default>false</default><label>{0}</label></customValue>"
    kept = "<GlobalValueSet>{values}<masterLabel>Laws</masterLabel><sorted>false</sorted></GlobalValueSet>"
    value_set = "<valueSet><restricted>true</restricted><valueSetName>Laws</valueSetName></valueSet>"
    field = f"<label>Law</label><type>Picklist</type>{value_set}"
    files, members = _files("Contract.Law__c", field)
    files["globalValueSets/Laws.globalValueSet"] = kept.format(values=one.format("New York"))
    assert deploy(files, {**members, "GlobalValueSet": ["Laws"]}).status is DeployStatus.SUCCEEDED
    assert [value.value for value in _field(org, "Contract.Law__c").picklist] == ["New York"]

    files = {"globalValueSets/Laws.globalValueSet": kept.format(values=one.format("Ohio"))}
    deploy(files, {"GlobalValueSet": ["Laws"]})

    law = _field(org, "Contract.Law__c")
    assert [(value.value, value.active) for value in law.picklist] == [("Ohio", True), ("New York", False)]
    assert (law.value_set, law.restricted_picklist) == ("Laws", True)


def test_a_picklist_value_that_is_left_out_stays_inactive(deploy: Any, org: Org) -> None:
    deploy(*_files("Contract.Kind__c", _PICKLIST.format(values=_value("MSA") + _value("NDA"))))
    deploy(*_files("Contract.Kind__c", _PICKLIST.format(values=_value("SOW") + _value("MSA"))))

    values = _field(org, "Contract.Kind__c").picklist
    assert [(value.value, value.active) for value in values] == [("SOW", True), ("MSA", True), ("NDA", False)]


def test_a_picklist_cannot_move_to_another_global_set(deploy: Any, org: Org) -> None:
    value_set = "<GlobalValueSet><masterLabel>{0}</masterLabel><sorted>false</sorted></GlobalValueSet>"
    sets = {f"globalValueSets/{name}.globalValueSet": value_set.format(name) for name in ("Laws", "Courts")}
    field = "<label>Law</label><type>Picklist</type><valueSet><valueSetName>{0}</valueSetName></valueSet>"
    files, members = _files("Contract.Law__c", field.format("Laws"))
    deploy({**files, **sets}, {**members, "GlobalValueSet": ["Laws", "Courts"]})

    job = deploy(*_files("Contract.Law__c", field.format("Courts")))

    assert [message.problem for message in job.outcome.failures] == [
        "Cannot change which global value set this picklist uses"
    ]


def test_a_type_changes_while_no_record_has_a_value(deploy: Any, org: Org, admin: Caller) -> None:
    deploy(*_files("Account.Key__c", _TEXT.format(length=20)))
    number = "<label>Key</label><precision>4</precision><scale>0</scale><type>Number</type>"
    assert deploy(*_files("Account.Key__c", number)).status is DeployStatus.SUCCEEDED
    org.dml.insert(org.system_caller(), "Account", [{"Name": "A", "Key__c": 7}])

    job = deploy(*_files("Account.Key__c", _TEXT.format(length=20)))

    assert [message.problem for message in job.outcome.failures] == ["Cannot change type due to existing data"]
    assert _field(org, "Account.Key__c").type is FieldType.DOUBLE


def test_a_text_becomes_no_shorter_than_its_longest_value(deploy: Any, org: Org) -> None:
    deploy(*_files("Account.Key__c", _TEXT.format(length=20)))
    org.dml.insert(org.system_caller(), "Account", [{"Name": "A", "Key__c": "0123456789"}])

    assert deploy(*_files("Account.Key__c", _TEXT.format(length=10))).status is DeployStatus.SUCCEEDED
    job = deploy(*_files("Account.Key__c", _TEXT.format(length=9)))

    expected = "Key: a value of 10 characters exists, so the length cannot be 9"
    assert [message.problem for message in job.outcome.failures] == [expected]


def test_a_standard_field_can_only_be_tracked(deploy: Any, org: Org) -> None:
    before = _field(org, "Contract.Status")
    field = "<fields><fullName>Status</fullName><trackHistory>true</trackHistory><type>Picklist</type></fields>"
    body = f"<CustomObject>{field}</CustomObject>"

    assert (
        deploy({"objects/Contract.object": body}, {"CustomField": ["Contract.Status"]}).status is DeployStatus.SUCCEEDED
    )

    after = _field(org, "Contract.Status")
    assert after.track_history
    assert (after.label, after.picklist, after.nillable) == (before.label, before.picklist, before.nillable)


def test_an_object_that_has_records_takes_no_master(deploy: Any, org: Org) -> None:
    shell = (
        "<CustomObject><deploymentStatus>Deployed</deploymentStatus><label>Line</label><nameField><label>Name</label><type>Text</type>"
        "</nameField><pluralLabel>Lines</pluralLabel><sharingModel>ControlledByParent</sharingModel></CustomObject>"
    )
    deploy({"objects/Line__c.object": shell}, {"CustomObject": ["Line__c"]})
    org.dml.insert(org.system_caller(), "Line__c", [{"Name": "one"}])
    lines = "<relationshipName>Lines</relationshipName>"
    master = f"<label>Contract</label><referenceTo>Contract</referenceTo>{lines}<type>MasterDetail</type>"

    job = deploy(*_files("Line__c.Contract__c", master))

    assert [m.problem for m in job.outcome.failures] == [
        "Line__c has 1 records without a master; fill a Lookup field first"
    ]
