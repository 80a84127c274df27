"""Canonical metadata XML."""

from __future__ import annotations

import pytest

from clmkit.codegen.xml import Body, Typed, parse_component, render_component

FIELD: Body = {
    "type": "Picklist",
    "label": "Law & <order>",
    "fullName": "Law__c",
    "required": False,
    "valueSet": {"value": [{"label": "B", "fullName": "b"}, {"label": "A", "fullName": "a"}]},
    "length": 80,
}


def test_the_full_name_comes_first_then_elements_by_name_and_lists_stay_in_their_order() -> None:
    assert render_component("CustomField", FIELD) == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<CustomField xmlns="http://soap.sforce.com/2006/04/metadata">\n'
        "    <fullName>Law__c</fullName>\n"
        "    <label>Law &amp; &lt;order&gt;</label>\n"
        "    <length>80</length>\n"
        "    <required>false</required>\n"
        "    <type>Picklist</type>\n"
        "    <valueSet>\n"
        "        <value>\n"
        "            <fullName>b</fullName>\n"
        "            <label>B</label>\n"
        "        </value>\n"
        "        <value>\n"
        "            <fullName>a</fullName>\n"
        "            <label>A</label>\n"
        "        </value>\n"
        "    </valueSet>\n"
        "</CustomField>\n"
    )


def test_a_custom_metadata_value_names_its_type_and_the_root_the_schema() -> None:
    text = render_component("CustomMetadata", {"values": [{"field": "Order__c", "value": Typed("xsd:double", "10.0")}]})
    assert '<value xsi:type="xsd:double">10.0</value>' in text
    assert 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"' in text


def test_an_empty_list_writes_nothing() -> None:
    assert "fieldPermissions" not in render_component("PermissionSet", {"label": "x", "fieldPermissions": []})


@pytest.mark.parametrize("text", ["plain", "a & b", "<tag>", "quote \" and '", "Straße, 東京", ""])
def test_what_was_written_is_read_back(text: str) -> None:
    body: Body = {"label": text, "values": [{"a": "1"}, {"a": text}]}
    assert parse_component(render_component("CustomField", body).encode()) == ("CustomField", body)
