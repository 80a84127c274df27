"""A break names whom it hits: by field and object, wherever somebody else in the org says that field."""

from __future__ import annotations

import pytest

from clmkit.release.changes import Change
from clmkit.release.components import Components, Key
from clmkit.release.consumers import find_consumers, read_mentions, show_consumers

TITLE = "Contract.CLM_Title__c"
SHORTER = Change("field_shortened", f"CustomField {TITLE}", TITLE)
LAW = Change("value_dropped", "GlobalValueSet CLM_Law.Utah", "CLM_Law", "Utah")
ORG: Components = {Key("CustomField", "Contract.CLM_Law__c"): {"type": "Picklist", "valueSet.valueSetName": "CLM_Law"}}


def xml(root: str, body: str) -> bytes:
    return f'<?xml version="1.0"?><{root} xmlns="http://soap.sforce.com/2006/04/metadata">{body}</{root}>'.encode()


FORMULA = "<fields><fullName>Deal__c</fullName><type>Text</type><formula>{}</formula></fields>"
VIEW = "<listViews><fullName>Mine</fullName><label>Mine</label><columns>{}</columns></listViews>"
SENDS = "<outboundMessages><fullName>Send</fullName><fields>CLM_Title__c</fields></outboundMessages>"


@pytest.mark.parametrize(
    ("path", "content", "found"),
    [
        (
            "reports/Sales/R.report",
            xml("Report", "<columns><field>Contract.CLM_Title__c</field></columns>"),
            "Report Sales/R",
        ),
        ("reports/Sales/R.report", xml("Report", "<columns><field>Contract.CLM_Title2__c</field></columns>"), ""),
        ("objects/Contract.object", xml("CustomObject", VIEW.format("CLM_Title__c")), "ListView Contract.Mine"),
        ("objects/Account.object", xml("CustomObject", VIEW.format("CLM_Title__c")), ""),
        ("objects/Deal__c.object", xml("CustomObject", FORMULA.format("CLM_Title__c")), ""),
        (
            "objects/Deal__c.object",
            xml("CustomObject", FORMULA.format("Agreement__r.CLM_Title__c")),
            "CustomField Deal__c.Deal__c",
        ),
        ("layouts/Contract-Sales.layout", xml("Layout", "<field>CLM_Title__c</field>"), "Layout Contract-Sales"),
        ("layouts/Case-Sales.layout", xml("Layout", "<field>CLM_Title__c</field>"), ""),
        ("flows/F.flow", xml("Flow", "<object>Contract</object><field>CLM_Title__c</field>"), "Flow F"),
        ("classes/C.cls", b"// a Contract's CLM_Title__c", "ApexClass C"),
        ("workflows/Contract.workflow", xml("Workflow", SENDS), "Workflow Contract"),
        (
            "lwc/panel/panel.js",
            b"import T from '@salesforce/schema/Contract.CLM_Title__c'",
            "LightningComponentBundle panel",
        ),
        ("settings/Contract.settings", xml("ContractSettings", "<a>Contract.CLM_Title__c</a>"), ""),
    ],
)
def test_what_names_the_field_of_that_object_is_found(path: str, content: bytes, found: str) -> None:
    consumers = find_consumers([SHORTER], ORG, read_mentions([{path: content}]))
    assert [str(key) for key in consumers.get(SHORTER, ())] == ([found] if found else [])


def test_a_value_is_looked_for_beside_the_fields_that_hold_it() -> None:
    files = {
        "reports/S/Utah.report": xml("Report", "<f>Contract.CLM_Law__c</f><value>Utah</value>"),
        "reports/S/Texas.report": xml("Report", "<f>Contract.CLM_Law__c</f><value>Texas</value>"),
    }
    assert find_consumers([LAW], ORG, read_mentions([files])) == {LAW: (Key("Report", "S/Utah"),)}


def test_a_renamed_field_is_looked_for_by_its_old_name() -> None:
    moved = Change("field_moved", "contract.title", "Contract.CLM_Name__c", "CLM_Title__c", "CLM_Name__c")
    files = {"classes/C.cls": b"contract.CLM_Title__c", "classes/D.cls": b"Contract c; c.CLM_Title__c"}
    assert find_consumers([moved], ORG, read_mentions([files])) == {moved: (Key("ApexClass", "D"),)}


def test_what_breaks_nothing_hits_nobody() -> None:
    longer = Change("field_lengthened", f"CustomField {TITLE}", TITLE)
    files = {"classes/C.cls": b"Contract c; c.CLM_Title__c"}
    assert find_consumers([longer], ORG, read_mentions([files])) == {}


def test_parts_of_one_object_that_came_in_two_retrieves_are_both_found() -> None:
    packages = [
        {"objects/Contract.object": xml("CustomObject", VIEW.format("CLM_Title__c"))},
        {"classes/C.cls": b"Contract CLM_Title__c"},
    ]
    assert show_consumers(find_consumers([SHORTER], ORG, read_mentions(packages))[SHORTER]) == (
        "list views: Contract.Mine; Apex classes: C"
    )
