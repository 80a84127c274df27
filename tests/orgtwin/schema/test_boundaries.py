"""The outermost values of every custom field type, through a whole org: deployed, described, saved, read, queried over REST."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from tests.orgtwin.http.deploying import V, deploy_well

from orgtwin.http.in_process import InProcess
from orgtwin.pytest_plugin import org_twin_client

__all__ = ["org_twin_client"]

_LOCAL_PART = "a" * 64
_PICKLIST = (
    "<valueSet><restricted>true</restricted><valueSetDefinition><sorted>false</sorted>"
    "<value><fullName>One</fullName><default>false</default><label>One</label></value>"
    "<value><fullName>Two</fullName><default>false</default><label>Two</label></value></valueSetDefinition></valueSet>"
)
# what the file says of the field -> the type that describe tells, and values that come back as they went in
FIELDS: dict[str, tuple[str, str, tuple[object, ...]]] = {
    "Text__c": ("<length>255</length><type>Text</type>", "string", ("x" * 255, "é" * 255, "a'b\\c%_\"", None)),
    "Short__c": ("<length>1</length><type>Text</type>", "string", ("x", "ß")),
    "Area__c": ("<type>TextArea</type>", "textarea", ("x" * 255, "two\nlines")),
    "Long__c": (
        "<length>32768</length><type>LongTextArea</type><visibleLines>3</visibleLines>",
        "textarea",
        ("x" * 32768,),
    ),
    "Whole__c": (
        "<precision>18</precision><scale>0</scale><type>Number</type>",
        "double",
        (999999999999999.0, -1.0, 0.0),
    ),
    "Exact__c": (
        "<precision>18</precision><scale>6</scale><type>Number</type>",
        "double",
        (0.000001, -123456789.654321),
    ),
    "Money__c": (
        "<precision>18</precision><scale>2</scale><type>Currency</type>",
        "currency",
        (9999999999999.99, -0.01),
    ),
    "Share__c": ("<precision>5</precision><scale>2</scale><type>Percent</type>", "percent", (999.99, -999.99)),
    "Flag__c": ("<defaultValue>false</defaultValue><type>Checkbox</type>", "boolean", (True, False)),
    "Day__c": ("<type>Date</type>", "date", ("1700-01-01", "4000-12-31", "2028-02-29")),
    "Moment__c": (
        "<type>DateTime</type>",
        "datetime",
        ("1700-01-01T00:00:00.000+0000", "4000-12-31T23:59:59.999+0000"),
    ),
    "Hour__c": ("<type>Time</type>", "time", ("00:00:00.000Z", "23:59:59.999Z")),
    "Mail__c": ("<type>Email</type>", "email", (f"{_LOCAL_PART}@example.org",)),
    "Phone__c": ("<type>Phone</type>", "phone", ("9" * 40,)),
    "Link__c": ("<type>Url</type>", "url", ("https://example.com/" + "x" * 235,)),
    "One__c": (f"<type>Picklist</type>{_PICKLIST}", "picklist", ("One", "Two", None)),
    "Many__c": (
        f"<type>MultiselectPicklist</type>{_PICKLIST}<visibleLines>2</visibleLines>",
        "multipicklist",
        ("One;Two",),
    ),
}
_NOT_FILTERED = frozenset({"Long__c"})
_CASES = [(name, value) for name, (_, _, values) in FIELDS.items() for value in values]


@pytest.fixture
def client(org_twin_client: InProcess) -> InProcess:
    body = "".join(
        f"<fields><fullName>{name}</fullName><label>{name}</label>{text}</fields>"
        for name, (text, _, _) in FIELDS.items()
    )
    shell = (
        "<deploymentStatus>Deployed</deploymentStatus><label>Edge</label><nameField><label>Name</label><type>Text</type>"
        "</nameField><pluralLabel>Edges</pluralLabel><sharingModel>ReadWrite</sharingModel>"
    )
    grants = "".join(
        f"<fieldPermissions><editable>true</editable><field>Edge__c.{name}</field><readable>true</readable></fieldPermissions>"
        for name in FIELDS
    )
    files = {
        "objects/Edge__c.object": f"<CustomObject>{body}{shell}</CustomObject>",
        "permissionsets/Edges.permissionset": f"<PermissionSet>{grants}<label>Edges</label></PermissionSet>",
    }
    deploy_well(org_twin_client, files, {"CustomObject": ["Edge__c"], "PermissionSet": ["Edges"]})
    found = org_twin_client.get(f"{V}/query?q=SELECT Id FROM PermissionSet WHERE Name = 'Edges'").json()["records"][0]
    who = org_twin_client.get("/services/oauth2/userinfo").json()["user_id"]
    values = {"PermissionSetId": found["Id"], "AssigneeId": who}
    assert org_twin_client.post(f"{V}/sobjects/PermissionSetAssignment", values).status == 201
    return org_twin_client


def test_every_value_comes_back_as_it_went_in(client: InProcess) -> None:
    described = {field["name"]: field for field in client.get(f"{V}/sobjects/Edge__c/describe").json()["fields"]}
    assert {name: described[name]["type"] for name in FIELDS} == {name: kind for name, (_, kind, _) in FIELDS.items()}
    for name, value in _CASES:
        made = client.post(f"{V}/sobjects/Edge__c", {name: value})
        assert made.status == 201, (name, value, made.text)
        read = client.get(f"{V}/sobjects/Edge__c/{made.json()['id']}?fields={name}").json()
        assert read[name] == value, name
        assert _found(client, name, value, made.json()["id"]) == value, name


def _found(client: InProcess, name: str, value: object, record_id: str) -> object:
    """The value as a query gives it that asks for it, where the field can be asked for."""
    condition = "" if name in _NOT_FILTERED else f"{name} = {_literal(name, value)} AND "
    answer: Any = client.get(f"{V}/query?q=SELECT {name} FROM Edge__c WHERE {condition}Id = '{record_id}'").json()
    assert answer["totalSize"] == 1, (name, value, answer)
    return answer["records"][0][name]


def _literal(name: str, value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return format(Decimal(str(value)), "f")
    if name in ("Day__c", "Hour__c"):
        return str(value)
    if name == "Moment__c":
        return str(value).replace("+0000", "Z")
    text = str(value).replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace('"', '\\"')
    return f"'{text}'"
