"""Differences between two states of an org's metadata, told by the same kinds as changes of a mapping."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import pytest
from tests.clmkit.release.specs import ROOT, resolved, with_field, written

from clmkit.codegen.fields import field_body
from clmkit.codegen.mdapi import convert_source
from clmkit.codegen.tree import read_package
from clmkit.codegen.xml import Body
from clmkit.mapping.model import FieldKind, FieldMapping, FieldType, ObjectMapping, Spec
from clmkit.release.changes import Break, Change
from clmkit.release.compare import compare_specs
from clmkit.release.components import (
    ComponentChange,
    Elements,
    Key,
    compare_components,
    digest,
    flatten,
    read_components,
    without_retired,
)
from clmkit.release.data_risks import find_questions
from clmkit.release.judge_components import judge_components

SPEC = resolved(written())
CREATED = [(mapping, field) for mapping in SPEC.objects for field in mapping.created]
NAMES = [f"{mapping.name}.{field.name}" for mapping, field in CREATED]


@cache
def built() -> dict[Key, Elements]:
    return read_components(convert_source(read_package(ROOT / "force-app"), "66.0").files)


def test_an_inactive_value_of_which_the_mapping_says_nothing_is_no_difference() -> None:
    key = Key("StandardValueSet", "ContractStatus")
    rows = [{"fullName": "Draft"}, {"fullName": "Old", "isActive": "false"}, {"fullName": "New", "isActive": "false"}]
    named = flatten({"standardValue": [rows[0], {"fullName": "New"}]})
    (change,) = compare_components({key: named}, without_retired({key: flatten({"standardValue": rows})}, {key: named}))
    assert [element.path for element in change.elements] == ["standardValue[New].isActive"]


@pytest.mark.parametrize(
    ("kind", "body", "elements"),
    [
        ("ListView", {"columns": ["B", "A"]}, {"columns[]": "B\nA"}),
        ("ListView", {"columns": "A"}, {"columns[]": "A"}),
        ("Settings", {"columns": ["B", "A"]}, {"columns[B]": "true", "columns[A]": "true"}),
        ("ListView", {"filters": [{"field": "A", "value": "1"}, {"field": "A", "value": "2"}]},
         {"filters[]": "A\nA#2", "filters[A].field": "A", "filters[A].value": "1", "filters[A#2].field": "A",
          "filters[A#2].value": "2"}),
        ("FlexiPage", {"itemInstances": [{"fieldInstance": {"fieldItem": "Record.A", "identifier": "x"}},
                                         {"componentInstance": {"componentName": "a:b", "identifier": "y"}}]},
         {"itemInstances[]": "Record.A\na:b", "itemInstances[Record.A].fieldInstance.fieldItem": "Record.A",
          "itemInstances[a:b].componentInstance.componentName": "a:b"}),
        ("ListView", {"sharedTo": {"allInternalUsers": ""}}, {"sharedTo.allInternalUsers": "true"}),
    ],
)  # fmt: skip
def test_order_counts_where_people_see_it(kind: str, body: Body, elements: Elements) -> None:
    assert flatten(body, kind) == elements


def test_a_project_is_read_component_by_component() -> None:
    package = convert_source(read_package(ROOT / "force-app"), "66.0")
    assert set(built()) == {Key(one.metadata_type, one.full_name) for one in package.components}
    assert compare_components(built(), built()) == ()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"length": 80}, {"length": "80", "unique": "false", "help": ""}),
        (
            {"a": [{"field": "X", "readable": True}, {"field": "Y", "readable": True}]},
            {"a": [{"field": "Y", "readable": "true"}, {"field": "X", "readable": "true"}]},
        ),
        ({"a": [{"field": "X", "readable": True}]}, {"a": {"field": "X", "readable": True, "editable": False}}),
        ({"status": "Active"}, {}),
        ({"fullName": "X"}, {}),
        (
            {
                "actionOverrides": [
                    {"actionName": "Edit", "type": "Default"},
                    {"actionName": "New", "formFactor": "Large", "type": "Default"},
                ]
            },
            {},
        ),
    ],
)
def test_what_a_retrieve_adds_or_orders_otherwise_is_no_difference(
    one: dict[str, object], other: dict[str, object]
) -> None:
    assert flatten(one) == flatten(other)  # type: ignore[arg-type]
    assert digest(flatten(one)) == digest(flatten(other))  # type: ignore[arg-type]


def change_of(before: Spec, after: Spec, mapping: ObjectMapping, field: FieldMapping) -> ComponentChange:
    bodies = [
        flatten(field_body(spec, mapping, spec.get_object(mapping.name).get_field(field.name)))
        for spec in (before, after)
    ]
    return ComponentChange(Key("CustomField", f"{mapping.salesforce}.{field.salesforce}"), bodies[0], bodies[1])


OTHER_TYPES = [
    FieldType(kind=FieldKind.TEXT, length=20),
    FieldType(kind=FieldKind.TEXT, length=255),
    FieldType(kind=FieldKind.DATE),
    FieldType(kind=FieldKind.LONG_TEXT, length=32000, visible_lines=3),
    FieldType(kind=FieldKind.NUMBER, precision=2),
    FieldType(kind=FieldKind.CURRENCY, precision=18, scale=4),
    FieldType(kind=FieldKind.LOOKUP, reference_to="Lead", relationship="Leads"),
]


@pytest.mark.parametrize(("mapping", "field"), CREATED, ids=NAMES)
def test_metadata_and_mapping_judge_a_new_type_alike(mapping: ObjectMapping, field: FieldMapping) -> None:
    """Two judges that look at different things: the resolved spec, and the XML that is made of it."""
    for other in OTHER_TYPES:
        plain = {"unique": False, "external_id": False, "case_sensitive": False}
        before = with_field(SPEC, mapping.name, field.name, **plain)
        after = with_field(before, mapping.name, field.name, type=other)
        assert hard(judge_components([change_of(before, after, mapping, field)])) == hard(compare_specs(before, after))


def hard(changes: Iterable[Change]) -> set[str]:
    """The kinds that lose values or that the org refuses."""
    return {change.kind for change in changes if change.rule.breaks in (Break.DATA, Break.METADATA)}


@pytest.mark.parametrize("key", sorted(built()), ids=str)
def test_each_component_that_comes_goes_or_changes_has_one_kind(key: Key) -> None:
    elements = built()[key]
    gone = judge_components([ComponentChange(key, elements, None)])
    come = judge_components([ComponentChange(key, None, elements)])
    assert [change.rule.breaks is Break.SAFE for change in (*gone, *come)] == [False, True]
    (edited,) = judge_components([ComponentChange(key, elements, {**elements, "label": "edited"})])
    assert edited.subject.startswith(str(key))


ROWS: list[tuple[str, Elements, Elements, list[tuple[str, str]]]] = [
    (
        "CustomField Contract.X__c",
        {"type": "Text", "length": "80"},
        {"type": "Text", "length": "80", "required": "true"},
        [("field_made_required", "Contract.X__c")],
    ),
    (
        "CustomField Contract.X__c",
        {"type": "Text", "unique": "true"},
        {"type": "Text"},
        [("field_freed", "Contract.X__c")],
    ),
    (
        "CustomField Contract.X__c",
        {"type": "AutoNumber"},
        {"type": "Text", "length": "80"},
        [("field_retyped", "Contract.X__c")],
    ),
    (
        "CustomField Contract.X__c",
        {"valueSet.valueSetName": "A"},
        {"valueSet.valueSetName": "B"},
        [("value_set_swapped", "Contract.X__c")],
    ),
    ("CustomField Contract.X__c", {"label": "A"}, {"label": "B"}, [("wording_changed", "Contract.X__c")]),
    (
        "GlobalValueSet CLM_Law",
        {"customValue[A].fullName": "A", "customValue[A].label": "A"},
        {},
        [("value_dropped", "CLM_Law")],
    ),
    (
        "GlobalValueSet CLM_Law",
        {"customValue[A].fullName": "A"},
        {"customValue[A].fullName": "A", "customValue[A].isActive": "false"},
        [("value_retired", "CLM_Law")],
    ),
    ("StandardValueSet ContractStatus", {}, {"standardValue[A].fullName": "A"}, [("status_added", "ContractStatus")]),
    (
        "StandardValueSet ContractStatus",
        {"standardValue[A].groupingString": "Draft"},
        {"standardValue[A].groupingString": "Activated"},
        [("status_changed", "ContractStatus")],
    ),
    (
        "PermissionSet CLM_Reader",
        {"fieldPermissions[Contract.X__c].editable": "true"},
        {},
        [("editing_narrowed", "Contract.X__c")],
    ),
    (
        "PermissionSet CLM_Reader",
        {},
        {"fieldPermissions[Contract.X__c].readable": "true", "fieldPermissions[Contract.X__c].field": "Contract.X__c"},
        [("exposure_widened", "Contract.X__c")],
    ),
    (
        "CustomObject CLM_Line__c",
        {"sharingModel": "Private"},
        {"sharingModel": "ReadWrite"},
        [("sharing_changed", "CLM_Line__c")],
    ),
    ("Settings Contract", {"autoCalculateEndDate": "true"}, {}, [("dependency_changed", "Contract")]),
    ("ApexClass CLM_Access", {"source": "a"}, {"source": "b"}, [("component_updated", "CLM_Access")]),
]


@pytest.mark.parametrize(("name", "before", "after", "expected"), ROWS)
def test_an_edited_element_is_told_by_its_kind(
    name: str, before: Elements, after: Elements, expected: list[tuple[str, str]]
) -> None:
    metadata_type, _, full_name = name.partition(" ")
    found = judge_components([ComponentChange(Key(metadata_type, full_name), before, after)])
    assert [(change.kind, change.target) for change in found] == expected


FIELD = Key("CustomField", "Contract.X__c")
QUESTIONS: list[tuple[Elements, Elements | None, str, bool]] = [
    ({"type": "Text", "length": "5"}, {"type": "Text", "length": "3"}, "X__c LIKE '____%'", True),
    ({"type": "Text", "length": "255"}, {"type": "Text", "length": "254"}, f"X__c LIKE '{'_' * 255}%'", True),
    (
        {"type": "Number", "precision": "6"},
        {"type": "Number", "precision": "4"},
        "(X__c >= 10000 OR X__c <= -10000)",
        True,
    ),
    (
        {"type": "Number", "precision": "6", "scale": "2"},
        {"type": "Number", "precision": "5", "scale": "1"},
        "X__c != null",
        False,
    ),
    ({"type": "Text", "length": "5"}, {"type": "Date"}, "X__c != null", True),
    ({"type": "Checkbox"}, {"type": "Date"}, "X__c = true", True),
    ({"type": "Text", "length": "5"}, None, "X__c != null", True),
    ({"type": "Date"}, {"type": "Date", "required": "true"}, "X__c = null", True),
    (
        {"type": "Picklist", "valueSet.valueSetDefinition.value[It's].fullName": "It's"},
        {"type": "Picklist"},
        "X__c = 'It\\'s'",
        True,
    ),
    (
        {"type": "MultiselectPicklist", "valueSet.valueSetDefinition.value[A].fullName": "A"},
        {"type": "MultiselectPicklist"},
        "X__c INCLUDES ('A')",
        True,
    ),
]


@pytest.mark.parametrize(("before", "after", "where", "is_exact"), QUESTIONS)
def test_a_loss_is_a_question_to_the_org(before: Elements, after: Elements | None, where: str, is_exact: bool) -> None:
    org, project = {FIELD: before}, {FIELD: after} if after else {}
    (question,) = find_questions(judge_components(compare_components(org, project)), org, project)
    assert (question.soql, question.is_exact) == (f"SELECT COUNT(Id) n FROM Contract WHERE {where}", is_exact)


def test_a_long_text_that_cannot_be_searched_is_counted_whole() -> None:
    org, project = {FIELD: {"type": "LongTextArea", "length": "4000"}}, {FIELD: {"type": "Text", "length": "80"}}
    (question,) = find_questions(judge_components(compare_components(org, project)), org, project)
    assert (question.soql, question.is_exact) == ("SELECT COUNT(Id) n FROM Contract", False)


def test_a_value_of_a_global_set_is_counted_in_every_field_that_uses_it() -> None:
    law = Key("GlobalValueSet", "CLM_Law")
    uses = {
        Key("CustomField", f"{name}.Law__c"): {"type": "Picklist", "valueSet.valueSetName": "CLM_Law"}
        for name in ("A", "B")
    }
    org = {law: {"customValue[Utah].fullName": "Utah"}, **uses}
    questions = find_questions(judge_components(compare_components(org, {law: {}, **uses})), org, {law: {}, **uses})
    assert [question.about for question in questions] == ["A.Law__c is Utah", "B.Law__c is Utah"]
