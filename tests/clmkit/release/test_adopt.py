"""What an org says otherwise is written into the mapping's text in its place alone, or refused with what to do instead."""

from __future__ import annotations

import difflib
from functools import cache, partial
from pathlib import Path

import pytest
from tests.clmkit.codegen.specs import project_of
from tests.clmkit.release.specs import ROOT, SHIPPED, resolved, written

from clmkit.codegen.project import plan_project
from clmkit.codegen.tree import read_package
from clmkit.mapping.loader import load_spec, read_beside
from clmkit.mapping.model import Spec
from clmkit.release.adopt import PARTS, Adoption, adopt
from clmkit.release.adopt_words import NO_WORD
from clmkit.release.components import ComponentChange, Components, Key
from clmkit.release.plan import read_project
from clmkit.release.spec_edit import REMOVED, AdoptError, AnyEdit, BlockEdit, Edit, EditError, edit_text
from clmkit.templates import catalogue

SPEC = resolved(written())
TEXT = SHIPPED.read_text(encoding="utf-8")
TITLE, TYPE = Key("CustomField", "Contract.CLM_Title__c"), Key("CustomField", "Contract.CLM_Contract_Type__c")
APP, VIEW = Key("CustomApplication", "SUB_Contracts"), Key("ListView", "Contract.SUB_Renewing")
READER, PARTY = Key("PermissionSet", "CLM_Reader"), Key("CustomObject", "CLM_Party__c")


@cache
def built() -> Components:
    return read_project(read_package(ROOT / "force-app"), "66.0").components


def changed(key: Key, **elements: str) -> ComponentChange:
    """The component as somebody changed it in Setup; an empty element is not there any more."""
    after = {path: text for path, text in {**built()[key], **elements}.items() if text}
    return ComponentChange(key, built()[key], after)


def adopted(*changes: ComponentChange) -> Adoption:
    return adopt(TEXT, "contract.yml", SPEC, changes)


def field(name: str) -> Key:
    return Key("CustomField", name)


@pytest.mark.parametrize(
    ("change", "written_lines"),
    [
        (changed(TYPE, length="90"), ["        type: {text: 90}"]),
        (changed(TITLE, label="Name"), ["        label: Name"]),
        (
            changed(TITLE, label="Name", inlineHelpText="As signed, in full: {all}"),
            [
                "        help: 'As signed, in full: {all}'",
                "        label: Name",
            ],
        ),
        (changed(field("Contract.CLM_ARR__c"), label="ARR"), ["        label: ARR"]),
        (
            changed(field("Contract.CLM_ARR__c"), precision="16"),
            ["        type: {currency: {precision: 16, scale: 2, code: value.currency}}"],
        ),
        (
            changed(field("CLM_Party__c.Role__c"), label="Side"),
            [
                "      role: {clm: role, field: Role__c, type: {picklist: party_role}, description: Which side the party is on., "
                "label: Side}"
            ],
        ),
        (
            changed(field("Contract.CLM_Id__c"), label="Agreement ID"),
            ["    key: {clm: id, field: CLM_Id__c, length: 64, case_sensitive: true, label: Agreement ID}"],
        ),
        (
            changed(field("CLM_Party__c.CLM_Id__c"), length="80"),
            ["    key: {clm: id, field: CLM_Id__c, length: 80, case_sensitive: true}"],
        ),
    ],
    ids=lambda value: str(value.key) if isinstance(value, ComponentChange) else "",
)
def test_only_the_lines_of_the_field_change(change: ComponentChange, written_lines: list[str]) -> None:
    told = list(difflib.ndiff(TEXT.splitlines(), adopted(change).text.splitlines()))
    assert [line[2:] for line in told if line.startswith("+ ")] == written_lines
    replaced = [line for line in told if line.startswith("- ")]
    assert len(replaced) <= len(written_lines)
    assert not any("#" in line for line in replaced)


def test_the_description_is_taken_over_without_the_generators_own_words() -> None:
    ending = built()[TITLE]["description"].removeprefix("Name of the agreement as the CLM shows it.")
    (edit,) = adopted(changed(TITLE, description=f"The name.{ending}")).edits
    assert (edit.path[-1], edit.value, edit.before) == (
        "description",
        "The name.",
        "Name of the agreement as the CLM shows it.",
    )


def grant(name: str, right: str, *, given: bool) -> dict[str, str]:
    return {f"fieldPermissions[{name}].{right}": "true" if given else ""}


@pytest.mark.parametrize(
    ("elements", "edits"),
    [
        (grant("Contract.CLM_Title__c", "readable", given=False), [("title", "audience", ["steward"])]),
        (
            {
                "fieldPermissions[Contract.CLM_ARR__c].field": "Contract.CLM_ARR__c",
                **grant("Contract.CLM_ARR__c", "readable", given=True),
            },
            [("arr", "audience", ["steward", "reader"])],
        ),
    ],
)
def test_who_may_read_is_taken_over(elements: dict[str, str], edits: list[tuple[str, str, list[str]]]) -> None:
    if not next(iter(elements.values())):
        elements = {path: "" for path in built()[READER] if path.startswith("fieldPermissions[Contract.CLM_Title__c]")}
    found = adopted(changed(READER, **elements)).edits
    assert [(edit.path[-2], edit.path[-1], edit.value) for edit in found] == edits


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            changed(TITLE, type="LongTextArea"),
            "CustomField Contract.CLM_Title__c: the mapping cannot take over `type` (Text -> LongTextArea); "
            "write it by hand, revert it, or accept it until a day",
        ),
        (
            changed(TITLE, description=""),
            "CustomField Contract.CLM_Title__c: the mapping cannot take over `description` (Name of the agreement as the CLM shows "
            "it. "
            "Generated by clmkit from the mapping spec contract; change the spec, not this. -> none); "
            "write it by hand, revert it, or accept it until a day",
        ),
        (
            ComponentChange(TITLE, built()[TITLE], None),
            "CustomField Contract.CLM_Title__c: came or went as a whole; write it into the mapping by hand, or revert it",
        ),
        (
            changed(Key("ApexClass", "CLM_Access"), source="class"),
            "ApexClass CLM_Access: a mapping has no word for it: move the edit into the class of the same name in extensions/, "
            "which is yours; revert it in the org, or accept it until a day",
        ),
        (
            changed(READER, label=""),
            "PermissionSet CLM_Reader: the mapping cannot take over `label`; revert it, or accept it until a day",
        ),
        (
            changed(TITLE, length="300"),
            "contract.yml: would be wrong with it: MAP106: objects.contract.fields.title.type.text is 300; it needs at most 255; "
            "nothing was written",
        ),
        (
            changed(TITLE, trackHistory="true"),
            "contract.yml: would be wrong with it: MAP712: contract.title tracks history, which a Contract does only with "
            "ContractSettings.enableContractHistoryTracking; nothing was written",
        ),
        (
            changed(field("Contract.CLM_Is_Perpetual__c"), label="Endless"),
            "contract.yml: objects.contract.fields.end_date_flag: is not written in the mapping as a block of its own; "
            "write it by hand",
        ),
    ],
    ids=lambda value: str(value.key) if isinstance(value, ComponentChange) else "",
)
def test_what_a_mapping_cannot_say_is_refused(change: ComponentChange, message: str) -> None:
    with pytest.raises(AdoptError) as caught:
        adopted(change)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "edit", "written_text"),
    [
        ("a: {b: 1} # c\n", Edit(("a", "b"), 2), "a: {b: 2} # c\n"),
        ("a: {b: 1} # c\n", Edit(("a", "d"), "x, y"), "a: {b: 1, d: 'x, y'} # c\n"),
        ("a:\n  b: 1 # c\n# d\n", Edit(("a", "e"), [1]), "a:\n  b: 1 # c\n  e: [1]\n# d\n"),
        ("a:\n  b: [1, 2] # c\n", Edit(("a", "b"), [3]), "a:\n  b: [3] # c\n"),
        ("a:\n  b: |\n    text\n  c: 1\n", Edit(("a", "b"), "new"), "a:\n  b: new\n  c: 1\n"),
        ("a: {b: 1}", Edit(("a", "c"), "😀 é"), "a: {b: 1, c: 😀 é}"),
        ("a:\n  b: 1", Edit(("a", "c"), 2), "a:\n  b: 1\n  c: 2"),
        (
            "a:\n  - x # 1\n  # two\n  - y # 2\nb: 1\n",
            Edit(("a",), ["y", "z", "x"]),
            "a:\n  # two\n  - y # 2\n  - z\n  - x # 1\nb: 1\n",
        ),
        ("a:\n  b: 1 # c\n  d: {e: 2}\nf: 3\n", Edit(("a", "b"), REMOVED), "a:\n  d: {e: 2}\nf: 3\n"),
        ("a: {b: 1, d: [2, 3]}\n", Edit(("a", "b"), REMOVED), "a: {d: [2, 3]}\n"),
        (
            "a:\n  b: {c: 1} # 1\n  d:\n    e: 2 # 2\n",
            Edit(("a",), {"d": {"e": 3}, "b": {"c": 1}}),
            "a:\n  d:\n    e: 3 # 2\n  b: {c: 1} # 1\n",
        ),
        (
            "a: {b: 1}\n",
            BlockEdit(("c", "d"), {"e": 1, "f": 2}, {"e": 1, "f": 3}, frozenset()),
            "a: {b: 1}\nc: {d: {f: 3}}\n",
        ),
        ("a: {b: 1}\n", BlockEdit(("c", "d"), {"e": 1, "f": 2}, {"e": 1, "f": 3}), "a: {b: 1}\nc: {d: {e: 1, f: 3}}\n"),
        (
            "c:\n  d: {f: 2, g: 9} # h\n",
            BlockEdit(("c", "d"), {"e": 1, "f": 2}, {"e": 4}),
            "c:\n  d: {g: 9, e: 4} # h\n",
        ),
    ],
)
def test_a_value_is_written_in_its_place(text: str, edit: AnyEdit, written_text: str) -> None:
    assert edit_text(text, [edit])[0] == written_text


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        ("a: {b: 1}", ("x", "y"), "x: is not written in the mapping as a block of its own; write it by hand"),
        ("a: {b: 1}", ("a", "b", "c"), "a.b: is not written in the mapping as a block of its own; write it by hand"),
        ("a: {}", ("a", "b"), "a.b: there is nothing beside which it could be written"),
        ("a:\n- {b: 1} # why\n", ("a",), "a: stands on several lines, with room for comments; write it by hand"),
        ("a: [1,\n  2, # why\n  3]\n", ("a",), "a: stands on several lines, with room for comments; write it by hand"),
    ],
)
def test_what_cannot_be_written_without_a_person_is_refused(text: str, path: tuple[str, ...], message: str) -> None:
    with pytest.raises(EditError) as caught:
        edit_text(text, [Edit(path, [1])])
    assert str(caught.value) == message


def resolved_template(name: str) -> tuple[str, Spec, Components]:
    """A template's text, the spec, and what it makes."""
    path = Path(catalogue.__file__).parent / f"{name}.yml"
    spec = load_spec(path).spec
    assert spec is not None
    return (
        path.read_text(encoding="utf-8"),
        spec,
        read_project(plan_project(spec).render(), spec.api_version).components,
    )


def shipped() -> tuple[str, Spec, Components]:
    return TEXT, SPEC, read_project(plan_project(SPEC).render(), SPEC.api_version).components


WHOLE = {
    "shipped": cache(shipped),
    **{name: cache(partial(resolved_template, name)) for name in ("saas", "procurement")},
}
RENEWAL, LAW = field("Contract.CLM_Renewal_Type__c"), Key("GlobalValueSet", "CLM_Governing_Law")
STATUS, SUPPLY = Key("StandardValueSet", "ContractStatus"), Key("RecordType", "Contract.PRO_Supply")
CHECK, LAWS = Key("ValidationRule", "Contract.SUB_Dates"), Key("ValidationRule", "Contract.SUB_Key_Is_Final")


FILES = {"CustomLabels", "MatchingRules", "SharingRules"}
"""Files of components that are told one by one."""


def test_every_kind_that_is_made_is_adopted_or_has_its_reason_why_not() -> None:
    made = {
        key.metadata_type
        for name in ("everything", "shipped")
        for key in read_project(project_of(name), "66.0").components
    }
    assert made - FILES == {"CustomField", "PermissionSet", *PARTS, *NO_WORD}
    assert not PARTS.keys() & NO_WORD.keys()


def list_value(name: str, **elements: str) -> dict[str, str]:
    return {f"valueSet.valueSetDefinition.value[{name}].{path}": text for path, text in elements.items()}


def change_in(name: str, key: Key, elements: dict[str, str]) -> ComponentChange:
    held = WHOLE[name]()[2][key]
    after = {path: text for path, text in {**held, **elements}.items() if text}
    return ComponentChange(key, held, after)


CASES = [
    ("shipped", RENEWAL, list_value("Automatic", label="By itself"), "auto: {value: Automatic, label: By itself}"),
    ("shipped", RENEWAL, list_value("Evergreen", isActive="false"), "evergreen: {value: Evergreen, active: false}"),
    ("shipped", RENEWAL, {"valueSet.restricted": ""}, "restricted: false"),
    ("shipped", LAW, {"customValue[Texas].label": "State of Texas"}, "Texas: {value: Texas, label: State of Texas}"),
    ("shipped", LAW, {"masterLabel": "Law"}, "label: Law"),
    ("shipped", READER, {"label": "Readers"}, "label: Readers"),
    ("shipped", READER, {"description": "They read."}, "description: They read."),
    ("shipped", PARTY, {"nameField.label": "Side No."}, "label: Side No."),
    ("shipped", PARTY, {"nameField.displayFormat": "S-{0000}"}, "S-{0000}"),
    ("shipped", STATUS, {"standardValue[Executed].groupingString": "Draft"}, "category: Draft"),
    ("saas", APP, {"label": "Sold"}, "label: Sold"),
    ("saas", APP, {"description": "What is sold."}, "description: What is sold."),
    ("saas", VIEW, {"label": "Ending soon"}, "label: Ending soon"),
    ("procurement", SUPPLY, {"label": "Goods"}, "label: Goods"),
    ("procurement", SUPPLY, {"active": ""}, "active: false"),
    ("saas", CHECK, {"errorMessage": "It ends too early."}, "message: It ends too early."),
    ("saas", CHECK, {"errorDisplayField": "StartDate"}, "at: start_date"),
    (
        "saas",
        CHECK,
        {"errorConditionFormula": "AND(NOT($Permission.SUB_Write_Owned_Fields), EndDate < StartDate)"},
        "wrong_when: EndDate < StartDate",
    ),
]


@pytest.mark.parametrize(("name", "key", "elements", "written_words"), CASES)
def test_lists_record_types_and_rules_are_taken_over(
    name: str, key: Key, elements: dict[str, str], written_words: str
) -> None:
    text, spec, _ = WHOLE[name]()
    found = adopt(text, f"{name}.yml", spec, [change_in(name, key, elements)])
    told = list(difflib.ndiff(text.splitlines(), found.text.splitlines()))
    (line,) = [line for line in told if line.startswith("+ ")]
    assert written_words in line
    assert sum(line.startswith("- ") for line in told) <= 1


@pytest.mark.parametrize(
    ("name", "key", "elements", "message"),
    [
        (
            "shipped",
            RENEWAL,
            list_value("Never", fullName="Never", label="Never"),
            "CustomField Contract.CLM_Renewal_Type__c: Never is new, and which CLM text becomes it only a person knows; write "
            "`<CLM text>: Never` below value_maps.renewal_type.values, or revert it",
        ),
        (
            "shipped",
            RENEWAL,
            list_value("Manual", fullName="", label=""),
            "CustomField Contract.CLM_Renewal_Type__c: Manual is gone from the org; retire it in the mapping "
            "(value_maps.renewal_type.values.manual: {value: Manual, active: false}) or take it out there, or revert it",
        ),
        (
            "shipped",
            RENEWAL,
            list_value("Manual", default="true"),
            "CustomField Contract.CLM_Renewal_Type__c: the mapping has no word for "
            "`valueSet.valueSetDefinition.value[Manual].default` (none -> true); revert it, or accept it until a day",
        ),
        (
            "shipped",
            STATUS,
            {"standardValue[Paused].fullName": "Paused", "standardValue[Paused].label": "Paused"},
            "StandardValueSet ContractStatus: Paused is new; write a state with `status: Paused` and its CLM stage below "
            "lifecycle.states, or revert it",
        ),
        (
            "shipped",
            STATUS,
            {"standardValue[Draft].label": "New"},
            "StandardValueSet ContractStatus: the mapping has no word for `standardValue[Draft].label` (Draft -> New); revert it, "
            "or accept it until a day",
        ),
        (
            "procurement",
            SUPPLY,
            {"picklistValues[PRO_Renewal__c].values[Manual].fullName": ""},
            "RecordType Contract.PRO_Supply: the mapping has no word for "
            "`picklistValues[PRO_Renewal__c].values[Manual].fullName` (Manual -> none); revert it, or accept it until a day",
        ),
        (
            "saas",
            CHECK,
            {"errorConditionFormula": "EndDate < StartDate"},
            "ValidationRule Contract.SUB_Dates: the formula no longer lets the integration user through "
            "(AND(NOT($Permission.SUB_Write_Owned_Fields), ...)); revert it, or write it below `wrong_when` by hand",
        ),
        (
            "saas",
            LAWS,
            {"errorMessage": "x"},
            "ValidationRule Contract.SUB_Key_Is_Final: is made by the generator for every mapping and cannot be changed there; "
            "revert it, or accept it until a day",
        ),
    ],
)
def test_what_a_mapping_cannot_say_of_lists_types_and_rules_is_refused(
    name: str, key: Key, elements: dict[str, str], message: str
) -> None:
    text, spec, _ = WHOLE[name]()
    with pytest.raises(AdoptError) as caught:
        adopt(text, f"{name}.yml", spec, [change_in(name, key, elements)])
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("overlay", "written_text"),
    [
        ("", "\nchange: {objects: {contract: {fields: {title: {label: Name}}}}}\n"),
        (
            "change:\n  objects: {contract: {fields: {arr: {label: ARR}}}}\n",
            "\nchange:\n  objects: {contract: {fields: {arr: {label: ARR}, title: {label: Name}}}}\n",
        ),
    ],
)
def test_an_overlay_takes_drift_over_for_its_org_alone(tmp_path: Path, overlay: str, written_text: str) -> None:
    (tmp_path / "contract.yml").write_text(TEXT, encoding="utf-8")
    path = tmp_path / "emea.yml"
    path.write_text(
        f"overlay: clmkit/v1\nbase: contract.yml\norg: emea\nsummary: The European org.\n{overlay}", encoding="utf-8"
    )
    loaded = load_spec(path)
    assert loaded.spec is not None, loaded.errors
    found = adopt(
        path.read_text(encoding="utf-8"), path.name, loaded.spec, [changed(TITLE, label="Name")], read_beside(path)
    )
    assert found.text.endswith(written_text)
    path.write_text(found.text, encoding="utf-8")
    title = load_spec(path).spec
    assert title is not None
    assert title.get_object("contract").get_field("title").label == "Name"
