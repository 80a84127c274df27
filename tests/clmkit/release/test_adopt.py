"""What an org says otherwise is written into the mapping's text in its place alone, or refused with what to do instead."""

from __future__ import annotations

import difflib
from functools import cache

import pytest
from tests.clmkit.release.specs import ROOT, SHIPPED, resolved, written

from clmkit.codegen.tree import read_package
from clmkit.release.adopt import AdoptError, Adoption, adopt
from clmkit.release.components import ComponentChange, Components, Key
from clmkit.release.plan import read_project
from clmkit.release.spec_edit import Edit, EditError, edit_text

SPEC = resolved(written())
TEXT = SHIPPED.read_text(encoding="utf-8")
TITLE, TYPE = Key("CustomField", "Contract.CLM_Title__c"), Key("CustomField", "Contract.CLM_Contract_Type__c")
READER = Key("PermissionSet", "CLM_Reader")


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
            "ApexClass CLM_Access: a mapping has no word for it; revert it in the org, or accept it until a day",
        ),
        (
            changed(READER, label="Readers"),
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
    ],
)
def test_a_value_is_written_in_its_place(text: str, edit: Edit, written_text: str) -> None:
    assert edit_text(text, [edit])[0] == written_text


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        ("a: {b: 1}", ("x", "y"), "x: is not written in the mapping as a block of its own; write it by hand"),
        ("a: {b: 1}", ("a", "b", "c"), "a.b: is not written in the mapping as a block of its own; write it by hand"),
        ("a: {}", ("a", "b"), "a.b: there is nothing beside which it could be written"),
        ("a:\n- 1 # why\n", ("a",), "a: stands on several lines, with room for comments; write it by hand"),
    ],
)
def test_what_cannot_be_written_without_a_person_is_refused(text: str, path: tuple[str, ...], message: str) -> None:
    with pytest.raises(EditError) as caught:
        edit_text(text, [Edit(path, 1)])
    assert str(caught.value) == message
