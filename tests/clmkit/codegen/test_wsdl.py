"""The WSDL check, shown one planted error of each kind."""

from __future__ import annotations

import pytest

from clmkit.codegen.wsdl import check_component, load_schema

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
NAMESPACE = 'xmlns="http://soap.sforce.com/2006/04/metadata"'
SCHEMA = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"'


def field(inner: str) -> str:
    return f"<CustomField {NAMESPACE}>\n{inner}\n</CustomField>"


CASES = {
    "sound": (field("<fullName>A__c</fullName><type>Text</type><length>80</length>"), []),
    "misspelt element": (field("<lable>A</lable>"), ["3: lable: is no element of CustomField"]),
    "unknown value": (field("<type>Txet</type>"), ["3: type: 'Txet' is no FieldType"]),
    "no number": (field("<length>eighty</length>"), ["3: length: 'eighty' is no xsd:int"]),
    "no truth value": (field("<required>yes</required>"), ["3: required: 'yes' is no xsd:boolean"]),
    "twice": (field("<length>1</length><length>2</length>"), ["3: length: stands twice in CustomField"]),
    "elements in text": (field("<label><b>A</b></label>"), ["3: label: holds elements, but is a xsd:string"]),
    "missing element": (
        field("<valueSet><valueSetDefinition><value><fullName>A</fullName></value></valueSetDefinition></valueSet>"),
        [
            "3: value: lacks the required element default of CustomValue",
            "3: valueSetDefinition: lacks the required element sorted of ValueSetValuesDefinition",
        ],
    ),
    "scattered": (
        f"<PermissionSet {NAMESPACE}>\n<label>A</label>\n"
        "<customPermissions><enabled>true</enabled><name>A</name></customPermissions>\n"
        "<description>A</description>\n"
        "<customPermissions><enabled>true</enabled><name>B</name></customPermissions>\n</PermissionSet>",
        ["6: customPermissions: is duplicated at this location in type PermissionSet"],
    ),
    "typed value": (
        f"<CustomMetadata {NAMESPACE} {SCHEMA}><label>A</label><protected>false</protected>\n"
        '<values><field>A__c</field><value xsi:type="xsd:double">ten</value></values></CustomMetadata>',
        ["3: value: 'ten' is no xsd:double"],
    ),
    "unknown root": (f"<CustomFeild {NAMESPACE}/>", [f"1: CustomFeild: is no metadata type of {NAMESPACE[7:-1]}"]),
    "no namespace": ("<CustomField/>", [f"1: CustomField: is no metadata type of {NAMESPACE[7:-1]}"]),
}


@pytest.mark.parametrize(("xml", "findings"), CASES.values(), ids=CASES)
def test_the_wsdl_decides(xml: str, findings: list[str]) -> None:
    assert [str(finding) for finding in check_component((HEAD + xml).encode())] == findings


def test_the_schema_is_the_whole_metadata_api() -> None:
    schema = load_schema()
    assert float(schema.version) >= 63.0
    assert len(schema.types) > 1000
    assert schema.types["CustomField"]["fullName"].type_name == "xsd:string"  # inherited from Metadata
