"""What programs of others say about every generated project; each is also shown an error, since a check that cannot fail is none.

All projects stand side by side in one workspace, each a package directory, with one wrong class and one wrong flow among them: a
program runs once, and what it finds must be the wrong ones and nothing else.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.clmkit.codegen.judges import (
    compile_apex,
    convert_with_sf,
    inspect_apex,
    parse_apex,
    scan_flows,
)
from tests.clmkit.codegen.specs import ROOT, SPECS, project_of, spec_of

from clmkit.codegen.mdapi import convert_source
from clmkit.codegen.wsdl import check_component
from clmkit.codegen.xml import parse_component, render_component

EACH = pytest.mark.parametrize("name", SPECS)

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
UNPARSED = "public class Unparsed { void run() { Integer count = ; } }"
VERSION = "66.0"
REMINDER = "SUB_Subscription_Renewal_Reminder"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Salesforce DX workspace with a package directory for every project, and one for the wrong class."""
    folder = tmp_path_factory.mktemp("workspace")
    for name in SPECS:
        for path, content in project_of(name).items():
            target = folder / name / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    (folder / "wrong").mkdir()
    (folder / "wrong/Wrong.cls").write_text(WRONG)
    (folder / "wrong/Wrong.cls-meta.xml").write_bytes(
        project_of("shipped")["extensions/classes/CLM_ContractRules.cls-meta.xml"]
    )
    project = json.loads((ROOT / "sfdx-project.json").read_text())
    project["packageDirectories"] = [{"path": name, "default": name == "shipped"} for name in (*SPECS, "wrong")]
    (folder / "sfdx-project.json").write_text(json.dumps(project))
    return folder


def apex_files(workspace: Path) -> list[Path]:
    return sorted([*workspace.rglob("*.cls"), *workspace.rglob("*.trigger")])


@EACH
def test_the_metadata_wsdl_accepts_every_generated_component(name: str) -> None:
    components = {path: content for path, content in project_of(name).items() if path.endswith("-meta.xml")}
    assert len(components) > 100
    assert [f"{path}:{found}" for path, content in components.items() for found in check_component(content)] == []


@EACH
def test_the_metadata_wsdl_accepts_the_converted_objects(name: str) -> None:
    source = {path: content for path, content in project_of(name).items() if "-meta.xml" in path}
    files = convert_source(source, VERSION).files
    objects = {path: content for path, content in files.items() if path.endswith(".object")}
    assert f"objects/{header_of(name)}.object" in objects
    assert [f"{path}:{found}" for path, content in objects.items() for found in check_component(content)] == []


def header_of(name: str) -> str:
    header = spec_of(name).header
    assert header is not None
    return header.salesforce


@pytest.mark.node
def test_salesforces_parser_accepts_every_file_and_refuses_a_missing_expression(
    workspace: Path, tmp_path: Path
) -> None:
    unparsed = tmp_path / "Unparsed.cls"
    unparsed.write_text(UNPARSED)
    files = {str(path.relative_to(workspace)): path for path in apex_files(workspace) if path.stem != "Wrong"}
    assert {path.split("/")[0] for path in files} == set(SPECS)
    assert {path: errors for path, file in files.items() if (errors := parse_apex(file))} == {}
    assert parse_apex(unparsed) == ["UnexpectedToken"]


UNKNOWN_TO_APEX_LS = {
    "ACME_Paper__c/fields/Order__c.field-meta.xml": ("<type>ExternalLookup</type>", "<type>Text</type>"),
    "User/fields/ACME_Deputy__c.field-meta.xml": (
        "<type>Hierarchy</type>",
        "<referenceTo>User</referenceTo><type>Lookup</type>",
    ),
}
"""To Apex an external lookup is a text and a hierarchy an id; apex-ls knows neither type, so that it gets what is alike."""


@pytest.mark.java
def test_apex_ls_finds_nothing_but_the_unknown_method_and_the_unknown_field(workspace: Path, tmp_path: Path) -> None:
    known = shutil.copytree(workspace, tmp_path / "known")
    for name, (unknown, alike) in UNKNOWN_TO_APEX_LS.items():
        path = known / "everything/generated/objects" / name
        path.write_text(path.read_text().replace(unknown, alike))
    assert compile_apex(known) == [
        "Wrong.cls:12: No matching method found for 'noSuchMessage' on 'CLM_Messages' taking no arguments",
        "Wrong.cls:13: Unknown field 'Nope__c' on SObject 'Schema.CLM_Party__c'",
    ]


@pytest.mark.java
def test_pmd_finds_nothing_but_injection_missing_sharing_and_missing_access_checks(
    workspace: Path, tmp_path: Path
) -> None:
    assert inspect_apex(apex_files(workspace), tmp_path) == [
        "Wrong.cls:4: ApexSharingViolations",
        "Wrong.cls:14: ApexCRUDViolation",
        "Wrong.cls:15: ApexSOQLInjection",
    ]


@pytest.mark.node
def test_the_flow_scanner_finds_nothing_but_a_missing_fault_path(workspace: Path, tmp_path: Path) -> None:
    flows = sorted(workspace.rglob("*.flow-meta.xml"))
    reminder = next(path for path in flows if path.name.startswith(REMINDER))
    root, body = parse_component(reminder.read_bytes())
    creates = body["recordCreates"]
    first, *others = creates if isinstance(creates, list) else [creates]
    assert isinstance(first, dict)
    body["recordCreates"] = [{key: value for key, value in first.items() if key != "faultConnector"}, *others]
    wrong = tmp_path / "Wrong_Reminder.flow-meta.xml"
    wrong.write_text(render_component(root, body))
    found = scan_flows([*flows, wrong], tmp_path)
    assert len(found) == len(flows) + 1 > len(SPECS) + 1
    assert {rules for rules, _ in found.values()} == {22}
    assert {name: lines for name, (_, lines) in found.items() if lines} == {
        "Wrong_Reminder": ["MissingFaultPath: Create_Reminder"]
    }


@pytest.fixture(scope="module")
def theirs(workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, bytes]]:
    """Every project as the sf CLI converts it."""
    return convert_with_sf(workspace, list(SPECS), tmp_path_factory.mktemp("sf"))


@pytest.mark.node
@EACH
def test_the_sf_cli_converts_the_project_to_the_same_package(theirs: dict[str, dict[str, bytes]], name: str) -> None:
    ours = convert_source(project_of(name), VERSION).files
    assert ours.keys() == theirs[name].keys()
    assert differing(ours, theirs[name]) == []


@pytest.mark.node
def test_the_comparison_with_the_sf_cli_sees_a_lost_field(theirs: dict[str, dict[str, bytes]]) -> None:
    source = dict(project_of("shipped"))
    del source["generated/objects/Contract/fields/CLM_ARR__c.field-meta.xml"]
    found = differing(convert_source(source, VERSION).files, theirs["shipped"])
    assert found == ["objects/Contract.object", "package.xml"]


def differing(ours: Mapping[str, bytes], theirs: Mapping[str, bytes]) -> list[str]:
    return [
        path for path in ours if path not in theirs or comparable(path, ours[path]) != comparable(path, theirs[path])
    ]


def comparable(path: str, content: bytes) -> object:
    """Code and content by the byte; XML by type and elements, whatever their order."""
    if path.endswith((".cls", ".resource", ".trigger")):
        return content
    root, body = parse_component(content.replace(b"/</members>", b"</members>"))  # the sf CLI writes a folder as `CLM/`
    return root, {
        name: sorted(map(repr, value)) if isinstance(value, list) else repr(value) for name, value in body.items()
    }
