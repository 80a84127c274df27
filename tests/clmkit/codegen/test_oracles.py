"""What programs of others say about the generated project; each is also shown an error, since a check that cannot fail is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from clmkit.codegen.mdapi import convert_source
from clmkit.codegen.tree import read_package
from clmkit.codegen.wsdl import check_component
from clmkit.codegen.xml import parse_component

Judge = Callable[[Path], list[str]]

WRONG = """/**
 * Uses what is not there, and lets a caller write the query.
 */
public class Wrong {
    /**
     * Finds accounts.
     *
     * @param name the name
     * @return accounts
     */
    public List<Account> find(String name) {
        CLM_Messages.noSuchMessage();
        CLM_Party__c party = new CLM_Party__c(Nope__c = name);
        insert party;
        return Database.query('SELECT Id FROM Account WHERE Name = ' + name);
    }
}
"""


def apex_files(workspace: Path) -> list[Path]:
    return sorted([*workspace.rglob("*.cls"), *workspace.rglob("*.trigger")])


def add_class(workspace: Path, body: str) -> Path:
    folder = workspace / "force-app" / "extensions" / "classes"
    (folder / "Wrong.cls-meta.xml").write_bytes((folder / "CLM_ContractRules.cls-meta.xml").read_bytes())
    (folder / "Wrong.cls").write_text(body)
    return folder / "Wrong.cls"


def test_the_metadata_wsdl_accepts_every_generated_component(planned: Mapping[str, bytes]) -> None:
    components = {path: content for path, content in planned.items() if path.endswith("-meta.xml")}
    assert len(components) > 100
    assert [f"{path}:{found}" for path, content in components.items() for found in check_component(content)] == []


def test_the_metadata_wsdl_accepts_the_converted_objects(planned: Mapping[str, bytes]) -> None:
    package = convert_source({path: content for path, content in planned.items() if "-meta.xml" in path}, "66.0")
    objects = {path: content for path, content in package.files.items() if path.endswith(".object")}
    assert "objects/Contract.object" in objects
    assert [f"{path}:{found}" for path, content in objects.items() for found in check_component(content)] == []


@pytest.mark.node
def test_salesforces_parser_accepts_every_generated_file(workspace: Path, parse_apex: Judge) -> None:
    errors = {path.name: parse_apex(path) for path in apex_files(workspace)}
    assert len(errors) > 30
    assert not any(errors.values()), errors


@pytest.mark.node
def test_salesforces_parser_refuses_a_missing_expression(workspace: Path, parse_apex: Judge) -> None:
    path = add_class(workspace, "public class Wrong { void run() { Integer count = ; } }")
    assert parse_apex(path) == ["UnexpectedToken"]


@pytest.mark.java
def test_apex_ls_compiles_the_generated_project(workspace: Path, compile_apex: Judge) -> None:
    assert compile_apex(workspace) == []


@pytest.mark.java
def test_apex_ls_refuses_an_unknown_method_and_an_unknown_field(workspace: Path, compile_apex: Judge) -> None:
    add_class(workspace, WRONG)
    assert compile_apex(workspace) == [
        "Wrong.cls:12: No matching method found for 'noSuchMessage' on 'CLM_Messages' taking no arguments",
        "Wrong.cls:13: Unknown field 'Nope__c' on SObject 'Schema.CLM_Party__c'",
    ]


@pytest.mark.java
def test_pmd_has_nothing_to_say_about_the_generated_apex(workspace: Path, inspect_apex: Judge) -> None:
    assert inspect_apex(workspace) == []


@pytest.mark.java
def test_pmd_finds_injection_missing_sharing_and_missing_access_checks(workspace: Path, inspect_apex: Judge) -> None:
    add_class(workspace, WRONG)
    assert inspect_apex(workspace) == [
        "Wrong.cls:4: ApexSharingViolations",
        "Wrong.cls:14: ApexCRUDViolation",
        "Wrong.cls:15: ApexSOQLInjection",
    ]


@pytest.mark.node
def test_the_sf_cli_converts_the_project_to_the_same_package(
    workspace: Path, convert_with_sf: Callable[[Path], dict[str, bytes]]
) -> None:
    theirs = convert_with_sf(workspace)
    ours = convert_source(read_package(workspace / "force-app"), "66.0").files
    assert sorted(ours) == sorted(theirs)
    assert {path: comparable(path, content) for path, content in ours.items()} == {
        path: comparable(path, content) for path, content in theirs.items()
    }


@pytest.mark.node
def test_the_sf_cli_comparison_sees_a_lost_field(
    workspace: Path, convert_with_sf: Callable[[Path], dict[str, bytes]]
) -> None:
    source = read_package(workspace / "force-app")
    del source["generated/objects/Contract/fields/CLM_ARR__c.field-meta.xml"]
    ours, theirs = convert_source(source, "66.0").files, convert_with_sf(workspace)
    differing = [path for path in ours if comparable(path, ours[path]) != comparable(path, theirs[path])]
    assert differing == ["objects/Contract.object", "package.xml"]


def comparable(path: str, content: bytes) -> object:
    """Code by the byte; XML by type and elements, whatever their order."""
    if path.endswith((".cls", ".trigger")):
        return content
    root, body = parse_component(content.replace(b"/</members>", b"</members>"))  # the sf CLI writes a folder as `CLM/`
    return root, {
        name: sorted(map(repr, value)) if isinstance(value, list) else repr(value) for name, value in body.items()
    }
