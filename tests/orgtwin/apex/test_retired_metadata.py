"""What a project's files say in the words of earlier versions of the Metadata API counts as the same said today."""

from __future__ import annotations

import pytest

from orgtwin.apex.engine import Engine
from orgtwin.apex.project import read_project
from orgtwin.apex.projects import prepare
from orgtwin.schema.model import Schema

OBJECT = '<CustomObject xmlns="http://soap.sforce.com/2006/04/metadata">{}</CustomObject>'
FIELD = '<CustomField xmlns="http://soap.sforce.com/2006/04/metadata">{}</CustomField>'
SHELL = (
    "<label>{0}</label><pluralLabel>{0}s</pluralLabel><deploymentStatus>Deployed</deploymentStatus>"
    "<sharingModel>ReadWrite</sharingModel><nameField><label>Name</label><type>Text</type></nameField>"
)
STATUS = (
    "<fullName>{}__c</fullName><label>Status</label><type>Picklist</type><picklist>"
    "<picklistValues><fullName>New</fullName><default>true</default></picklistValues>"
    "<picklistValues><fullName>Pre-K/School</fullName><default>false</default></picklistValues>"
    "<sorted>false</sorted></picklist>"
)
RECORD_TYPE = (
    '<RecordType xmlns="http://soap.sforce.com/2006/04/metadata"><fullName>School</fullName><active>true</active><label>School</label>'
    "<picklistValues><picklist>Status__c</picklist><values><fullName>Pre-K%2FSchool</fullName><default>false</default></values>"
    "</picklistValues></RecordType>"
)

EVENT = (
    "<label>Note</label><pluralLabel>Notes</pluralLabel><deploymentStatus>Deployed</deploymentStatus>"
    "<eventType>StandardVolume</eventType>"
)
FILES = {
    "objects/Course__c/Course__c.object-meta.xml": OBJECT.format(
        "<enableChangeDataCapture>true</enableChangeDataCapture>" + SHELL.format("Course")
    ),
    "objects/Course__c/fields/Status__c.field-meta.xml": FIELD.format(STATUS.format("Status")),
    "objects/Course__c/recordTypes/School.recordType-meta.xml": RECORD_TYPE,
    "objects/Note__e/Note__e.object-meta.xml": OBJECT.format(EVENT),
    "objects/Activity/fields/Reason__c.field-meta.xml": FIELD.format(
        "<fullName>Reason__c</fullName><label>Reason</label><type>Text</type><length>20</length>"
    ),
}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    folder = tmp_path_factory.mktemp("project")
    for name, content in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    told: list[str] = []
    found = prepare(read_project(folder), tell=told.append)
    assert told == []
    return found


@pytest.fixture
def schema(engine: Engine) -> Schema:
    return engine.port.schema


def test_a_picklist_of_an_api_before_38_has_its_values(schema: Schema) -> None:
    course = schema.find_type("Course__c")
    field = course.find_field("Status__c") if course is not None else None
    assert [(v.value, v.default) for v in (field.picklist if field is not None else ())] == [
        ("New", True),
        ("Pre-K/School", False),
    ]


def test_a_record_type_names_values_as_urls_do(schema: Schema) -> None:
    course = schema.find_type("Course__c")
    assert course is not None
    assert [r.picklist_values for r in course.record_types] == [(("Status__c", ("Pre-K/School",)),)]


def test_an_event_of_standard_volume_is_an_event(schema: Schema) -> None:
    note = schema.find_type("Note__e")
    assert note is not None
    assert note.event


def test_a_field_of_activities_is_one_of_tasks_and_of_events(schema: Schema) -> None:
    found = [described.find_field("Reason__c") for name in ("Task", "Event") if (described := schema.find_type(name))]
    assert [field.label if field is not None else None for field in found] == ["Reason", "Reason"]
